<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

use WHMCS\Database\Capsule;

/** Products that use this module, and the billing cycles they are sold for. */
final class Products
{
    /** Column of `tblpricing` to the cycle's name on a service. */
    private const CYCLES = [
        'monthly' => 'Monthly',
        'quarterly' => 'Quarterly',
        'semiannually' => 'Semi-Annually',
        'annually' => 'Annually',
        'biennially' => 'Biennially',
        'triennially' => 'Triennially',
    ];

    /** @return list<Params> products that may be sold from a server */
    public static function ofServer(int $serverId): array
    {
        $groups = Capsule::table('tblservergroupsrel')->where('serverid', $serverId)->pluck('groupid')->all();
        $rows = Capsule::table('tblproducts')->where('servertype', Version::MODULE)
            ->whereIn('servergroup', array_merge([0], $groups))->orderBy('id')->get();
        return array_map(static fn (object $row): Params => Params::of((array) $row), array_values($rows->all()));
    }

    /** Whether any product uses this module: until one was saved, WHMCS cannot have noticed its hooks. */
    public static function exist(): bool
    {
        return Capsule::table('tblproducts')->where('servertype', Version::MODULE)->exists();
    }

    /** @return array<string, mixed> a product as the bridge checks it */
    public static function forCheck(Params $product): array
    {
        return [
            'pid' => $product->number('id'),
            'plan' => $product->text('configoption1'),
            'cycles' => self::cyclesOf($product),
            'connections' => $product->text('configoption2'),
            'choices' => ConfigurableOption::choices($product->number('id'), 'Connections'),
            // "Require Domain"; a WHMCS that keeps it elsewhere is not judged.
            'requires_domain' => in_array($product->text('showdomainoptions', '1'), ['1', 'on'], true),
        ];
    }

    /** Prorata Billing: WHMCS then ends the first period on a day of the month, and no plan has a term like that. */
    public static function isProrata(Params $product): bool
    {
        return $product->text('paytype') === 'recurring' && $product->flag('proratabilling');
    }

    /** The product, or null when it is none of ours. */
    public static function ours(int $productId): ?Params
    {
        $row = Capsule::table('tblproducts')->where('id', $productId)->where('servertype', Version::MODULE)->first();
        return $row === null ? null : Params::of((array) $row);
    }

    public static function isCycle(string $cycle): bool
    {
        return in_array(self::cycleName($cycle), self::CYCLES, true);
    }

    /** `semiannually`, as carts and forms say it, as a service says it: `Semi-Annually`. */
    public static function cycleName(string $cycle): string
    {
        $short = strtolower((string) preg_replace('/[^a-z]/i', '', $cycle));
        $others = ['onetime' => 'One Time', 'free' => 'Free Account', 'freeaccount' => 'Free Account'];
        return (self::CYCLES + $others)[$short] ?? $cycle;
    }

    /** @return list<string> the cycles a product is sold for, named as on a service */
    public static function cyclesOf(Params $product): array
    {
        $kind = $product->text('paytype');
        if ($kind === 'free') {
            return ['Free Account'];
        }
        if ($kind === 'onetime') {
            return ['One Time'];
        }
        $sold = [];
        $prices = Capsule::table('tblpricing')->where('type', 'product')->where('relid', $product->number('id'))->get();
        foreach ($prices as $price) {
            foreach (self::CYCLES as $column => $cycle) {
                // WHMCS keeps -1.00 where a cycle is not offered.
                if ((float) ($price->{$column} ?? -1) >= 0.0) {
                    $sold[$cycle] = true;
                }
            }
        }
        return array_values(array_filter(self::CYCLES, static fn (string $cycle): bool => isset($sold[$cycle])));
    }
}
