<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use DateTimeImmutable;

/**
 * Prorata Billing of a product: the first invoice pays from the order to the next prorata date, from the "charge next
 * month" day on the month after it as well; every later one from that day on (WHMCS end-user docs, product pricing).
 */
final class Prorata
{
    /** @param array<string, mixed> $product */
    public static function isOn(array $product): bool
    {
        return (string) $product['proratabilling'] === '1' && $product['paytype'] === 'recurring';
    }

    /**
     * The day the first period ends and everything is due from then on.
     *
     * @param array<string, mixed> $product
     */
    public static function firstDue(array $product, string $ordered): string
    {
        $day = max(1, (int) $product['proratadate']);
        $from = new DateTimeImmutable($ordered);
        $months = (int) $from->format('j') < $day ? 0 : 1;
        $nextMonth = (int) $product['proratachargenextmonth'];
        if ($nextMonth > 0 && (int) $from->format('j') >= $nextMonth) {
            $months++;
        }
        $month = $from->modify('first day of this month')->modify("+$months months");
        return $month->format('Y-m-') . sprintf('%02d', min($day, (int) $month->format('t')));
    }

    /**
     * The share of one cycle's price that the first invoice asks for.
     *
     * @param array<string, mixed> $product
     */
    public static function share(array $product, string $ordered, string $cycle): float
    {
        $days = Cycle::days($ordered, Cycle::after($ordered, $cycle));
        return $days > 0 ? Cycle::days($ordered, self::firstDue($product, $ordered)) / $days : 1.0;
    }
}
