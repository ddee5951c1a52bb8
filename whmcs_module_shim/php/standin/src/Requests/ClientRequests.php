<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Requests;

use Panelbridge\Standin\Cart;
use Panelbridge\Standin\Invoices;
use Panelbridge\Standin\Orders;
use Panelbridge\Standin\Renewals;
use Panelbridge\Standin\Services;
use Panelbridge\Standin\Shop;
use Panelbridge\Standin\Transactions;
use Panelbridge\Standin\Upgrades;

/** What clients and payment gateways set off. */
final class ClientRequests
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, callable(array<string, mixed>): mixed> */
    public function handlers(): array
    {
        return [
            'order' => fn (array $in): array => $this->order($in),
            'check_product_step' => fn (array $in): array => (new Cart($this->shop))
                ->productRefusals(0, (array) $in['item']),
            'pay_invoice' => fn (array $in): array => $this->pay($in),
            'add_credit' => fn (array $in): array => $this->addCredit($in),
            'renew_early' => fn (array $in): array => ['invoice_id' => (new Renewals($this->shop))
                ->early((int) $in['service_id'], (int) ($in['cycles'] ?? 1))],
            'upgrade_product' => fn (array $in): array => (new Upgrades($this->shop))
                ->product((int) $in['service_id'], (int) $in['product_id'], (string) ($in['billingcycle'] ?? '')),
            'upgrade_options' => fn (array $in): array => (new Upgrades($this->shop))
                ->options((int) $in['service_id'], (array) $in['options']),
            'request_cancellation' => fn (array $in): array => $this->requestCancellation($in),
            'withdraw_cancellation' => fn (array $in): array => $this->withdrawCancellation($in),
            'client_change_password' => fn (array $in): array => $this->changePassword($in),
        ];
    }

    /**
     * @param array<string, mixed> $in client_id, items, payment_method, through_cart
     * @return array<string, mixed>
     */
    private function order(array $in): array
    {
        $items = array_values((array) $in['items']);
        $method = (string) ($in['payment_method'] ?? 'banktransfer');
        $clientId = (int) $in['client_id'];
        $throughCart = (bool) ($in['through_cart'] ?? true);
        $refusals = $throughCart ? (new Cart($this->shop))->refusals($clientId, $items, $method) : [];
        if ($refusals !== []) {
            return ['refusals' => $refusals];
        }
        return ['refusals' => []] + (new Orders($this->shop))->place($clientId, $items, $method, $throughCart);
    }

    /**
     * @param array<string, mixed> $in invoice_id, amount, transaction_id, gateway
     * @return array<string, mixed>
     */
    private function pay(array $in): array
    {
        $id = (int) $in['invoice_id'];
        $amount = isset($in['amount']) ? (float) $in['amount'] : null;
        $gateway = (string) ($in['gateway'] ?? 'banktransfer');
        if ($gateway === 'credit') {
            (new Invoices($this->shop))->payWithCredit($id, $amount);
        } else {
            $transaction = (string) ($in['transaction_id'] ?? 'tx-' . bin2hex(random_bytes(6)));
            (new Invoices($this->shop))->addPayment($id, $amount, $transaction, $gateway);
        }
        return ['status' => Shop::row('tblinvoices', $id)['status']];
    }

    /**
     * @param array<string, mixed> $in
     * @return array<string, mixed>
     */
    private function addCredit(array $in): array
    {
        (new Transactions($this->shop))->credit((int) $in['client_id'], (float) $in['amount'], 'Credit');
        return ['balance' => Shop::row('tblclients', (int) $in['client_id'])['credit']];
    }

    /**
     * @param array<string, mixed> $in
     * @return array<string, mixed>
     */
    private function requestCancellation(array $in): array
    {
        $type = ($in['immediate'] ?? false) ? 'Immediate' : 'End of Billing Period';
        (new Services($this->shop))
            ->requestCancellation((int) $in['service_id'], $type, (string) ($in['reason'] ?? ''));
        return [];
    }

    /**
     * @param array<string, mixed> $in
     * @return array<string, mixed>
     */
    private function withdrawCancellation(array $in): array
    {
        (new Services($this->shop))->withdrawCancellation((int) $in['service_id']);
        return [];
    }

    /**
     * @param array<string, mixed> $in
     * @return array<string, mixed>
     */
    private function changePassword(array $in): array
    {
        $id = (int) $in['service_id'];
        return ['result' => (new Services($this->shop))->changePassword($id, (string) $in['password'], true)];
    }
}
