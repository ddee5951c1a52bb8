<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Billing\Invoice;
use WHMCS\Database\Capsule;

/** Invoices: made, paid, refunded, with their hooks in WHMCS's order (WHMCS developer docs, hooks and API reference). */
final class Invoices
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param list<array{type: string, relid: int, description: string, amount: float}> $items
     */
    public function create(int $clientId, array $items, string $dueDate, string $method, string $source): int
    {
        $now = $this->shop->clock->stamp();
        $id = (int) Capsule::table('tblinvoices')->insertGetId([
            'userid' => $clientId, 'date' => $this->shop->clock->today(), 'duedate' => $dueDate, 'status' => 'Draft',
            'paymentmethod' => $method, 'created_at' => $now, 'updated_at' => $now,
        ]);
        foreach ($items as $item) {
            Capsule::table('tblinvoiceitems')->insert(['amount' => Text::money($item['amount'])] + $item + [
                'invoiceid' => $id, 'userid' => $clientId, 'duedate' => $dueDate, 'paymentmethod' => $method,
            ]);
        }
        $variables = ['source' => $source, 'user' => $clientId, 'invoiceid' => $id];
        // The draft's items may still be edited by a handler.
        $this->shop->hooks->run('InvoiceCreation', $variables + ['status' => 'Draft']);
        $this->addUp($id);
        $this->update($id, ['status' => 'Unpaid']);
        $this->shop->hooks->run('InvoiceCreated', $variables + ['status' => 'Unpaid']);
        (new Mailer($this->shop))->send('Invoice Created', $id);
        if ($source === 'autogen') {
            $this->useCredit($id);
        }
        return $id;
    }

    public function addPayment(int $id, ?float $amount, string $transactionId, string $gateway): void
    {
        $invoice = Shop::row('tblinvoices', $id);
        $known = Capsule::table('tblaccounts')->where('transid', $transactionId)->where('transid', '!=', '')->count();
        // Whether AddInvoicePayment refuses a known transaction id is not documented (WHMCS API reference).
        if ($known > 0 && $this->shop->settings->says('duplicate_transid_rejected')) {
            throw new Refused('Duplicate Transaction ID');
        }
        $amount ??= $this->balance($id);
        (new Transactions($this->shop))->record([
            'userid' => (int) $invoice['userid'], 'gateway' => $gateway, 'description' => 'Invoice Payment',
            'amountin' => Text::money($amount), 'transid' => $transactionId, 'invoiceid' => $id,
        ]);
        $this->shop->hooks->run('AddInvoicePayment', ['invoiceid' => $id]);
        if ($invoice['status'] === 'Paid') {
            (new Transactions($this->shop))
                ->credit((int) $invoice['userid'], $amount, "Overpayment of invoice $id", $id);
            return;
        }
        if ($this->balance($id) <= 0.0) {
            $this->settle($id, 'payment');
        }
    }

    public function payWithCredit(int $id, ?float $amount): void
    {
        $invoice = Shop::row('tblinvoices', $id);
        $credit = (float) Shop::row('tblclients', (int) $invoice['userid'])['credit'];
        $amount ??= min($credit, $this->balance($id));
        if ($invoice['status'] !== 'Unpaid') {
            throw new Refused('Invoice Not in Unpaid Status');
        }
        if ($amount > $credit || $amount > $this->balance($id)) {
            throw new Refused('Amount exceeds customer credit balance or invoice balance');
        }
        (new Transactions($this->shop))
            ->credit((int) $invoice['userid'], -$amount, "Credit applied to invoice $id", $id);
        if ($this->isImmutable()) {
            (new CreditNotes($this->shop))->add($id, $amount, 'Client credit applied');
        } else {
            $this->update($id, ['credit' => Text::money((float) $invoice['credit'] + $amount)]);
        }
        if ($this->balance($id) <= 0.0) {
            $this->settle($id, 'credit');
        }
    }

    /** Marks it paid and runs what payment sets off; $how is payment, credit, zero or marked. */
    public function settle(int $id, string $how): void
    {
        $this->update($id, ['status' => 'Paid', 'datepaid' => $this->shop->clock->stamp()]);
        $this->shop->hooks->run('InvoicePaidPreEmail', ['invoiceid' => $id]);
        (new Mailer($this->shop))->send('Invoice Payment Confirmation', $id);
        (new PaidItems($this->shop))->act($id, $how);
        $order = Capsule::table('tblorders')->where('invoiceid', $id)->first();
        if ($order !== null) {
            $variables = ['orderId' => (int) $order->id, 'userId' => (int) $order->userid, 'invoiceId' => $id];
            $this->shop->hooks->run('OrderPaid', $variables);
        }
        $this->shop->hooks->run('InvoicePaid', ['invoiceid' => $id, 'invoice' => Invoice::query()->find($id)]);
    }

    /** A refund never touches the service by itself (WHMCS end-user docs, refunds). */
    public function refund(int $id, bool $asCredit): void
    {
        $invoice = Shop::row('tblinvoices', $id);
        $paid = Capsule::table('tblaccounts')->where('invoiceid', $id)->where('amountin', '>', 0)->first();
        $amount = (float) $invoice['total'];
        if ($asCredit) {
            (new Transactions($this->shop))->credit((int) $invoice['userid'], $amount, "Refund of invoice $id", $id);
        } else {
            (new Transactions($this->shop))->record([
                'userid' => (int) $invoice['userid'], 'gateway' => (string) ($paid->gateway ?? 'manual'),
                'description' => "Refund of transaction " . ($paid->transid ?? ''), 'amountout' => Text::money($amount),
                'transid' => 'refund-' . $id, 'invoiceid' => $id, 'refundid' => (int) ($paid->id ?? 0),
            ]);
        }
        if ($this->isImmutable()) {
            (new CreditNotes($this->shop))->add($id, $amount, 'Refund');
        }
        $this->update($id, ['status' => 'Refunded', 'date_refunded' => $this->shop->clock->stamp()]);
        $this->shop->hooks->run('InvoiceRefunded', ['invoiceid' => $id]);
    }

    public function cancel(int $id): void
    {
        if ($this->isImmutable()) {
            (new CreditNotes($this->shop))->add($id, $this->balance($id), 'Invoice cancelled');
        }
        $this->update($id, ['status' => 'Cancelled', 'date_cancelled' => $this->shop->clock->stamp()]);
        $this->shop->hooks->run('InvoiceCancelled', ['invoiceid' => $id]);
    }

    public function balance(int $id): float
    {
        $invoice = Shop::row('tblinvoices', $id);
        $paid = (float) Capsule::table('tblaccounts')->where('invoiceid', $id)->sum('amountin');
        return round((float) $invoice['total'] - (float) $invoice['credit'] - $paid - CreditNotes::total($id), 2);
    }

    /**
     * Some lines of an unpaid invoice. WHMCS 9 keeps them and makes a credit note each; before that they went.
     *
     * @param list<int> $items
     */
    public function cancelLines(int $id, array $items): void
    {
        $lines = Capsule::table('tblinvoiceitems')->where('invoiceid', $id)->whereIn('id', $items)->get()->all();
        foreach ($lines as $line) {
            if ($this->isImmutable()) {
                (new CreditNotes($this->shop))->add($id, (float) $line->amount, 'Line cancelled', (int) $line->id);
                continue;
            }
            Capsule::table('tblinvoiceitems')->where('id', $line->id)->delete();
            $this->addUp($id);
        }
        if ($this->balance($id) <= 0.0) {
            $this->update($id, ['status' => 'Cancelled', 'date_cancelled' => $this->shop->clock->stamp()]);
            $this->shop->hooks->run('InvoiceCancelled', ['invoiceid' => $id]);
        }
    }

    /** Staff say it is paid: WHMCS 9 makes a credit note of what is still open. */
    public function markPaid(int $id): void
    {
        $open = $this->balance($id);
        if ($open > 0.0 && $this->isImmutable()) {
            (new CreditNotes($this->shop))->add($id, $open, 'Marked paid');
        }
        $this->settle($id, 'marked');
    }

    /** WHMCS 9 refuses it for everything that is no draft (seen by users of 9.0.1). */
    public function editLine(int $id, int $itemId, float $amount): void
    {
        $status = (string) Shop::row('tblinvoices', $id)['status'];
        if ($this->isImmutable() && $status !== 'Draft') {
            throw new Refused("You cannot modify an Invoice that is $status.");
        }
        Capsule::table('tblinvoiceitems')->where('invoiceid', $id)->where('id', $itemId)
            ->update(['amount' => Text::money($amount)]);
        $this->addUp($id);
    }

    private function addUp(int $id): void
    {
        $total = Text::money((float) Capsule::table('tblinvoiceitems')->where('invoiceid', $id)->sum('amount'));
        $this->update($id, ['subtotal' => $total, 'total' => $total]);
    }

    /** A client's credit pays a generated invoice at once (WHMCS end-user docs, credit tab: Automatic Credit Use). */
    private function useCredit(int $id): void
    {
        if (!$this->shop->settings->says('automatic_credit_use')) {
            return;
        }
        $credit = (float) Shop::row('tblclients', (int) Shop::row('tblinvoices', $id)['userid'])['credit'];
        if ($credit > 0.0 && $this->balance($id) > 0.0) {
            $this->payWithCredit($id, null);
        }
    }

    private function isImmutable(): bool
    {
        return $this->shop->settings->says('invoice_release', 'v9_0');
    }

    /** @param array<string, mixed> $changes */
    private function update(int $id, array $changes): void
    {
        Capsule::table('tblinvoices')->where('id', $id)
            ->update($changes + ['updated_at' => $this->shop->clock->stamp()]);
    }
}
