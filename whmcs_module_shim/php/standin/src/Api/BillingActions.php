<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Api;

use Panelbridge\Standin\Invoices;
use Panelbridge\Standin\Refused;
use Panelbridge\Standin\Renewals;
use Panelbridge\Standin\Shop;
use Panelbridge\Standin\Text;
use Panelbridge\Standin\Transactions;
use WHMCS\Database\Capsule;

/** Invoices, payments and credit through the API (WHMCS API reference). */
final class BillingActions
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, callable(array<string, mixed>): array<string, mixed>> */
    public function handlers(): array
    {
        return [
            'getinvoice' => fn (array $v): array => $this->invoice((int) ($v['invoiceid'] ?? 0)),
            'getinvoices' => fn (array $v): array => $this->invoices($v),
            'addinvoicepayment' => fn (array $v): array => $this->pay($v),
            'gettransactions' => fn (array $v): array => $this->transactions($v),
            'addcredit' => fn (array $v): array => $this->addCredit($v),
            'getcredits' => fn (array $v): array => $this->credits($v),
            'applycredit' => fn (array $v): array => $this->applyCredit($v),
            'geninvoices' => fn (array $v): array => $this->generate($v),
        ];
    }

    /** @return array<string, mixed> */
    private function invoice(int $id): array
    {
        $row = Shop::row('tblinvoices', $id);
        $items = Capsule::table('tblinvoiceitems')->where('invoiceid', $id)->orderBy('id')
            ->get(['id', 'type', 'relid', 'description', 'amount', 'taxed'])->all();
        $transactions = $this->rows('tblaccounts', ['invoiceid' => $id]);
        $balance = Text::money((new Invoices($this->shop))->balance($id));
        return ['invoiceid' => $id, 'balance' => $balance] + $row + [
            'items' => ['item' => array_map(static fn (object $item): array => (array) $item, $items)],
            // Without transactions the value is an empty string (example in the WHMCS API reference).
            'transactions' => $transactions === [] ? '' : ['transaction' => $transactions],
        ];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function invoices(array $values): array
    {
        $where = array_intersect_key($values, ['userid' => true, 'status' => true]);
        $rows = $this->rows('tblinvoices', $where);
        $start = (int) ($values['limitstart'] ?? 0);
        $part = array_slice($rows, $start, (int) ($values['limitnum'] ?? 25));
        return ['totalresults' => count($rows), 'startnumber' => $start, 'numreturned' => count($part),
            'invoices' => ['invoice' => $part]];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function pay(array $values): array
    {
        $amount = isset($values['amount']) ? (float) $values['amount'] : null;
        (new Invoices($this->shop))->addPayment(
            (int) ($values['invoiceid'] ?? 0),
            $amount,
            (string) ($values['transid'] ?? ''),
            (string) ($values['gateway'] ?? '')
        );
        return [];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function transactions(array $values): array
    {
        $where = array_intersect_key($values, ['invoiceid' => true, 'transid' => true]);
        $where += isset($values['clientid']) ? ['userid' => $values['clientid']] : [];
        $rows = $this->rows('tblaccounts', $where);
        return ['totalresults' => count($rows), 'transactions' => ['transaction' => $rows]];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function addCredit(array $values): array
    {
        $amount = (float) ($values['amount'] ?? 0);
        if ($amount <= 0) {
            throw new Refused('Amount must be in decimal format: ##.##');
        }
        $id = (int) ($values['clientid'] ?? 0);
        $signed = ($values['type'] ?? 'add') === 'remove' ? -$amount : $amount;
        (new Transactions($this->shop))->credit($id, $signed, (string) ($values['description'] ?? ''));
        return ['newbalance' => Shop::row('tblclients', $id)['credit']];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function credits(array $values): array
    {
        $rows = $this->rows('tblcredit', ['clientid' => (int) ($values['clientid'] ?? 0)]);
        return ['totalresults' => count($rows), 'clientid' => $values['clientid'] ?? 0,
            'credits' => ['credit' => $rows]];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function applyCredit(array $values): array
    {
        $id = (int) ($values['invoiceid'] ?? 0);
        $amount = isset($values['amount']) && $values['amount'] !== 'full' ? (float) $values['amount'] : null;
        (new Invoices($this->shop))->payWithCredit($id, $amount);
        $paid = Shop::row('tblinvoices', $id)['status'] === 'Paid';
        // Booleans are sometimes the words (WHMCS API reference, ApplyCredit).
        return ['invoiceid' => $id, 'amount' => $amount, 'invoicepaid' => $paid ? 'true' : 'false'];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function generate(array $values): array
    {
        $renewals = new Renewals($this->shop);
        $ids = isset($values['serviceids'])
            ? array_map(static fn (mixed $id): int => $renewals->generate((int) $id), (array) $values['serviceids'])
            : $renewals->generateDue();
        return ['numcreated' => count($ids), 'latestinvoiceid' => $ids === [] ? 0 : max($ids)];
    }

    /**
     * @param array<string, mixed> $where
     * @return list<array<string, mixed>>
     */
    private function rows(string $table, array $where): array
    {
        $rows = Capsule::table($table)->where($where)->orderBy('id')->get()->all();
        return array_map(static fn (object $row): array => (array) $row, $rows);
    }
}
