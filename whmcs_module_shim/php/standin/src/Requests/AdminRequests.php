<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Requests;

use Panelbridge\Standin\Clients;
use Panelbridge\Standin\Cron;
use Panelbridge\Standin\Invoices;
use Panelbridge\Standin\LocalApi;
use Panelbridge\Standin\ModuleQueue;
use Panelbridge\Standin\Orders;
use Panelbridge\Standin\Renewals;
use Panelbridge\Standin\Services;
use Panelbridge\Standin\Shop;

/** What staff, the API and the cron set off. */
final class AdminRequests
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, callable(array<string, mixed>): mixed> */
    public function handlers(): array
    {
        return [
            'accept_order' => fn (array $in): array => $this->done((new Orders($this->shop))
                ->accept((int) $in['order_id'], $in['autosetup'] ?? null)),
            'close_order' => fn (array $in): array => $this->done((new Orders($this->shop))
                ->close((int) $in['order_id'], (string) $in['status'])),
            'delete_order' => fn (array $in): array => $this->done((new Orders($this->shop))
                ->delete((int) $in['order_id'])),
            'generate_renewal' => fn (array $in): array => ['invoice_id' => (new Renewals($this->shop))
                ->generate((int) $in['service_id'])],
            'refund_invoice' => fn (array $in): array => $this->done((new Invoices($this->shop))
                ->refund((int) $in['invoice_id'], (bool) ($in['as_credit'] ?? false))),
            'cancel_invoice' => fn (array $in): array => $this->done((new Invoices($this->shop))
                ->cancel((int) $in['invoice_id'])),
            'cancel_invoice_lines' => fn (array $in): array => $this->done((new Invoices($this->shop))
                ->cancelLines((int) $in['invoice_id'], array_map('intval', (array) $in['item_ids']))),
            'mark_invoice_paid' => fn (array $in): array => $this->done((new Invoices($this->shop))
                ->markPaid((int) $in['invoice_id'])),
            'edit_invoice_line' => fn (array $in): array => $this->done((new Invoices($this->shop))
                ->editLine((int) $in['invoice_id'], (int) $in['item_id'], (float) $in['amount'])),
            'save_service' => fn (array $in): array => $this->done((new Services($this->shop))
                ->adminSave((int) $in['service_id'], (array) ($in['values'] ?? []), (array) ($in['post'] ?? []))),
            'delete_service' => fn (array $in): array => $this->done((new Services($this->shop))
                ->delete((int) $in['service_id'])),
            'admin_change_password' => fn (array $in): array => $this->changePassword($in),
            'edit_client' => fn (array $in): array => $this->done((new Clients($this->shop))
                ->edit((int) $in['client_id'], (array) $in['values'])),
            'merge_clients' => fn (array $in): array => $this->done((new Clients($this->shop))
                ->merge((int) $in['from'], (int) $in['to'])),
            'close_client' => fn (array $in): array => $this->done((new Clients($this->shop))
                ->close((int) $in['client_id'])),
            'retry_queue' => fn (array $in): array => ['result' => (new ModuleQueue($this->shop))
                ->retry((int) $in['id'])],
            'cron' => fn (array $in): array => ['tasks' => (new Cron($this->shop))
                ->run((bool) ($in['daily'] ?? false))],
            'api' => fn (array $in): array => (new LocalApi($this->shop))
                ->call((string) $in['action'], (array) ($in['values'] ?? [])),
        ];
    }

    /**
     * @param array<string, mixed> $in
     * @return array<string, mixed>
     */
    private function changePassword(array $in): array
    {
        $services = new Services($this->shop);
        return ['result' => $services->changePassword((int) $in['service_id'], (string) $in['password'], false)];
    }

    /** @return array<string, mixed> */
    private function done(mixed $nothing): array
    {
        return [];
    }
}
