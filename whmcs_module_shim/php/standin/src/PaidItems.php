<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;
use WHMCS\Service\Status;

/** What a paid invoice sets off: create, renew, unsuspend, upgrade (WHMCS developer docs, provisioning modules). */
final class PaidItems
{
    private readonly ModuleCommand $command;

    public function __construct(private readonly Shop $shop)
    {
        $this->command = new ModuleCommand($shop);
    }

    public function act(int $invoiceId, string $how): void
    {
        $items = Capsule::table('tblinvoiceitems')->where('invoiceid', $invoiceId)
            ->whereNotIn('id', CreditNotes::lines($invoiceId))->orderBy('id')->get();
        foreach ($items as $item) {
            match ($item->type) {
                'Hosting' => $this->service((int) $item->relid, $invoiceId, $how),
                'Upgrade' => (new Upgrades($this->shop))->complete((int) $item->relid),
                default => null,
            };
        }
    }

    private function service(int $serviceId, int $invoiceId, string $how): void
    {
        $service = ModuleCommand::service($serviceId);
        $order = Capsule::table('tblorders')->where('id', $service['orderid'])->first();
        $isFirst = $order !== null && (int) $order->invoiceid === $invoiceId;
        $renewFirst = $this->shop->settings->says('renew_before_due_date_moves');
        $renews = $this->renews($isFirst, $invoiceId, $how);
        // Whether the due date has moved when Renew runs is not documented: the switch says.
        if (!$renewFirst) {
            $this->moveDueDate($serviceId);
        }
        // Also when the order's own invoice was cancelled and billed anew: the service waits for its payment.
        $this->setUp($service);
        $overdue = $this->unsuspends($serviceId);
        if ($overdue && $this->shop->settings->says('unsuspend_before_renew')) {
            $this->command->run($serviceId, 'UnsuspendAccount', true);
            $overdue = false;
        }
        if ($renews) {
            $this->renew($serviceId);
        }
        if ($renewFirst) {
            $this->moveDueDate($serviceId);
        }
        if ($overdue) {
            $this->command->run($serviceId, 'UnsuspendAccount', true);
        }
    }

    /** Docs say a paid renewal invoice, the sample module says any paid invoice of the product. */
    private function renews(bool $isFirst, int $invoiceId, string $how): bool
    {
        $settings = $this->shop->settings;
        $onDemand = $settings->own("on_demand.$invoiceId") === 'yes';
        return (!$isFirst || $settings->says('renew_on_first_invoice'))
            && ($how !== 'zero' || $settings->says('renew_on_zero_total'))
            && ($how !== 'credit' || $settings->says('renew_on_credit_paid'))
            && (!$onDemand || $settings->says('renew_on_demand'));
    }

    /** @param array<string, mixed> $service */
    private function setUp(array $service): void
    {
        $autosetup = Shop::row('tblproducts', (int) $service['packageid'])['autosetup'];
        if ($autosetup === 'payment' && $service['domainstatus'] === Status::PENDING) {
            $this->command->run((int) $service['id'], 'CreateAccount', true);
        }
    }

    private function renew(int $serviceId): void
    {
        $times = $this->shop->settings->says('renew_repeats', 'twice') ? 2 : 1;
        $status = ModuleCommand::service($serviceId)['domainstatus'];
        for ($i = 0; $i < $times && in_array($status, [Status::ACTIVE, Status::SUSPENDED], true); $i++) {
            $this->command->run($serviceId, 'Renew', true);
        }
    }

    private function moveDueDate(int $serviceId): void
    {
        $service = ModuleCommand::service($serviceId);
        if (!Cycle::isRecurring((string) $service['billingcycle'])) {
            return;
        }
        $due = (string) $service['nextduedate'];
        $product = Shop::row('tblproducts', (int) $service['packageid']);
        $isFirst = $due === (string) $service['regdate'];
        $next = $isFirst && Prorata::isOn($product)
            ? Prorata::firstDue($product, $due) : Cycle::after($due, (string) $service['billingcycle']);
        $changes = ['nextduedate' => $next, 'nextinvoicedate' => max($next, (string) $service['nextinvoicedate'])];
        Capsule::table('tblhosting')->where('id', $serviceId)->update($changes);
    }

    /** Only what WHMCS itself suspended for non-payment: a custom reason blocks it (WHMCS end-user docs, automation). */
    private function unsuspends(int $serviceId): bool
    {
        $service = ModuleCommand::service($serviceId);
        return $this->shop->settings->isOn('AutoUnsuspend')
            && $service['domainstatus'] === Status::SUSPENDED
            && $service['suspendreason'] === ModuleCommand::overdueReason($this->shop);
    }
}
