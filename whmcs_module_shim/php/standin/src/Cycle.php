<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use DateTimeImmutable;

/** Billing cycles by the names WHMCS stores in tblhosting.billingcycle (WHMCS developer docs, API reference). */
final class Cycle
{
    /** cycle => months, price column of tblpricing, set-up column */
    private const CYCLES = [
        'Monthly' => [1, 'monthly', 'msetupfee'],
        'Quarterly' => [3, 'quarterly', 'qsetupfee'],
        'Semi-Annually' => [6, 'semiannually', 'ssetupfee'],
        'Annually' => [12, 'annually', 'asetupfee'],
        'Biennially' => [24, 'biennially', 'bsetupfee'],
        'Triennially' => [36, 'triennially', 'tsetupfee'],
    ];

    public static function isRecurring(string $cycle): bool
    {
        return isset(self::CYCLES[$cycle]);
    }

    /** "semiannually" (as carts post it) becomes "Semi-Annually" (as services store it). */
    public static function named(string $posted): string
    {
        $plain = static fn (string $text): string => strtolower(str_replace([' ', '-'], '', $text));
        foreach ([...array_keys(self::CYCLES), 'One Time', 'Free Account'] as $cycle) {
            if ($plain($cycle) === $plain($posted)) {
                return $cycle;
            }
        }
        throw new Refused("there is no billing cycle $posted");
    }

    public static function priceColumn(string $cycle): string
    {
        return self::CYCLES[$cycle][1] ?? 'monthly';
    }

    public static function setupColumn(string $cycle): string
    {
        return self::CYCLES[$cycle][2] ?? 'msetupfee';
    }

    public static function cartName(string $cycle): string
    {
        return strtolower(str_replace([' ', '-'], '', $cycle));
    }

    /** One cycle later; the 31st becomes the last day of a shorter month. */
    public static function after(string $date, string $cycle): string
    {
        return self::moved($date, self::CYCLES[$cycle][0] ?? 0);
    }

    /** One cycle earlier, by the same rule. */
    public static function before(string $date, string $cycle): string
    {
        return self::moved($date, -(self::CYCLES[$cycle][0] ?? 0));
    }

    public static function days(string $from, string $to): int
    {
        return (int) round((strtotime($to) - strtotime($from)) / 86400);
    }

    private static function moved(string $date, int $months): string
    {
        $day = new DateTimeImmutable($date);
        $first = $day->modify('first day of this month')->modify(sprintf('%+d months', $months));
        $last = (int) $first->format('t');
        return $first->format('Y-m-') . sprintf('%02d', min((int) $day->format('j'), $last));
    }
}
