<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/** Transactions and client credit (WHMCS API reference, billing). */
final class Transactions
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @param array<string, mixed> $row */
    public function record(array $row): int
    {
        $row += ['currency' => 0, 'date' => $this->shop->clock->stamp(), 'amountin' => '0.00', 'fees' => '0.00',
            'amountout' => '0.00', 'rate' => '1.00000', 'refundid' => 0];
        $id = (int) Capsule::table('tblaccounts')->insertGetId($row);
        // "invocieid" is how the hook's variable is spelt (WHMCS developer docs, hooks).
        $this->shop->hooks->run('AddTransaction', ['id' => $id, 'invocieid' => $row['invoiceid']] + $row);
        return $id;
    }

    public function credit(int $clientId, float $amount, string $description, int $relatedId = 0): void
    {
        $balance = (float) Shop::row('tblclients', $clientId)['credit'] + $amount;
        Capsule::table('tblclients')->where('id', $clientId)->update(['credit' => Text::money($balance)]);
        Capsule::table('tblcredit')->insert([
            'clientid' => $clientId, 'date' => $this->shop->clock->today(), 'description' => $description,
            'amount' => Text::money($amount), 'relid' => $relatedId,
        ]);
    }
}
