<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/**
 * WHMCS 9: an invoice that left Draft is immutable, and what would have changed it makes a credit note (WHMCS 9.0
 * end-user docs, credit and debit notes). How WHMCS stores them is not documented: the table is the stand-in's own.
 */
final class CreditNotes
{
    private const TABLE = 'standin_credit_notes';

    public function __construct(private readonly Shop $shop)
    {
    }

    /** @param int $itemId the line it is about; 0 for the whole invoice */
    public function add(int $invoiceId, float $amount, string $reason, int $itemId = 0): void
    {
        Capsule::table(self::TABLE)->insert(['invoiceid' => $invoiceId, 'itemid' => $itemId,
            'amount' => Text::money($amount), 'reason' => $reason, 'date' => $this->shop->clock->stamp()]);
    }

    public static function total(int $invoiceId): float
    {
        return (float) Capsule::table(self::TABLE)->where('invoiceid', $invoiceId)->sum('amount');
    }

    /** @return list<int> lines that were cancelled */
    public static function lines(int $invoiceId): array
    {
        $lines = Capsule::table(self::TABLE)->where('invoiceid', $invoiceId)->where('itemid', '>', 0);
        return array_map('intval', $lines->pluck('itemid')->all());
    }
}
