<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\ConfigurableOption;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\Products;
use WHMCS\Module\Server\Panelbridge\Visit;

/** Lines of the visitor's cart that sell a product of ours. The hooks do not carry the cart; WHMCS's session does. */
final class CartLines
{
    private const SEPARATE_SERVICES = 1;
    private const MOST_COPIES = 50;

    /** @return list<CartLine> */
    public static function all(): array
    {
        $lines = [];
        foreach (self::products() as $line) {
            array_push($lines, ...self::read(Params::of(is_array($line) ? $line : [])));
        }
        return $lines;
    }

    /**
     * The line being configured, with what the form says.
     *
     * @return list<CartLine>
     */
    public static function configured(Params $form): array
    {
        $line = self::products()[$form->number('i')] ?? null;
        if (!is_array($line)) {
            return [];
        }
        $kept = Params::of($line);
        return self::read(Params::ofPlain([
            'pid' => $kept->number('pid'),
            'billingcycle' => $form->text('billingcycle') ?: $kept->text('billingcycle'),
            'qty' => $kept->number('qty'),
            'domain' => $kept->text('domain'),
            'configoptions' => $form->list('configoption') ?: $kept->list('configoptions'),
            'customfields' => $form->list('customfield') ?: $kept->list('customfields'),
        ]));
    }

    /** @return array<mixed> */
    private static function products(): array
    {
        $cart = Visit::kept('cart');
        return is_array($cart) && is_array($cart['products'] ?? null) ? $cart['products'] : [];
    }

    /** @return list<CartLine> none for other modules' products; several where WHMCS will make several services */
    private static function read(Params $line): array
    {
        $product = Products::ours($line->number('pid'));
        if ($product === null) {
            return [];
        }
        $fields = self::named($line->number('pid'), $line->list('customfields'));
        $quantity = max(1, $line->number('qty'));
        $separate = $product->number('allowqty') === self::SEPARATE_SERVICES;
        $connections = ConfigurableOption::ofCart($line->list('configoptions'), 'Connections');
        $one = new CartLine(
            $product,
            Products::cycleName($line->text('billingcycle') ?: $product->text('paytype')),
            $separate ? 1 : $quantity,
            ConfigurableOption::count($connections ?: $product->text('configoption2')),
            $fields['username'] ?? '',
            $fields['device mac'] ?? '',
            $line->text('domain')
        );
        return array_fill(0, $separate ? min($quantity, self::MOST_COPIES) : 1, $one);
    }

    /**
     * @param array<mixed> $typed field id to text
     * @return array<string, string> lower-case field name to text
     */
    private static function named(int $productId, array $typed): array
    {
        $fields = Capsule::table('tblcustomfields')->where('type', 'product')->where('relid', $productId)->get();
        $values = [];
        foreach ($fields as $field) {
            $value = $typed[(int) $field->id] ?? '';
            $name = strtolower(trim(explode('|', (string) $field->fieldname, 2)[0]));
            $values[$name] = is_scalar($value) ? trim((string) $value) : '';
        }
        return $values;
    }
}
