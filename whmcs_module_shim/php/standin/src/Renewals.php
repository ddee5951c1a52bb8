<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;
use WHMCS\Service\Status;

/** Renewal invoices: by the daily cron some days before the due date, or early because the client asked. */
final class Renewals
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return list<int> invoices made for all services whose next invoice falls within the generation days */
    public function generateDue(): array
    {
        $until = $this->shop->clock->daysFromToday($this->shop->settings->days('CreateInvoiceDaysBefore'));
        $invoices = [];
        $services = Capsule::table('tblhosting')->whereIn('domainstatus', [Status::ACTIVE, Status::SUSPENDED])
            ->where('nextinvoicedate', '<=', $until)->orderBy('id')->get()->all();
        foreach ($this->together($services) as $due => $group) {
            $invoices[] = $this->invoice($group, substr((string) $due, -10));
        }
        return $invoices;
    }

    /** One service now, as an admin's or the API's GenInvoices would. */
    public function generate(int $serviceId): int
    {
        $service = (object) Shop::row('tblhosting', $serviceId);
        if (!Cycle::isRecurring((string) $service->billingcycle)) {
            throw new Refused("service $serviceId does not recur");
        }
        return $this->invoice([$service], (string) $service->nextinvoicedate);
    }

    /** On-demand renewal by the client, in the middle of a period (WHMCS 8.8 release notes in the developer docs). */
    public function early(int $serviceId, int $cycles = 1): int
    {
        $service = (object) Shop::row('tblhosting', $serviceId);
        if (!Cycle::isRecurring((string) $service->billingcycle)) {
            throw new Refused("service $serviceId does not recur");
        }
        $id = $this->invoice(array_fill(0, $cycles, $service), (string) $service->nextinvoicedate);
        $this->shop->settings->setOwn("on_demand.$id", 'yes');
        return $id;
    }

    /**
     * One invoice per client, due date and payment method.
     *
     * @param list<object> $services
     * @return array<string, list<object>>
     */
    private function together(array $services): array
    {
        $groups = [];
        foreach ($services as $service) {
            $leaving = Capsule::table('tblcancelrequests')->where('relid', $service->id)->exists();
            if (!$leaving && Cycle::isRecurring($service->billingcycle) && $this->hasCyclesLeft($service)) {
                $groups["$service->userid $service->paymentmethod $service->nextinvoicedate"][] = $service;
            }
        }
        return $groups;
    }

    private function hasCyclesLeft(object $service): bool
    {
        $limit = (int) Shop::row('tblproducts', (int) $service->packageid)['recurringcycles'];
        $made = Capsule::table('tblinvoiceitems')->where('type', 'Hosting')->where('relid', $service->id)->count();
        if ($limit === 0 || $made < $limit) {
            return true;
        }
        $variables = ['serviceid' => (int) $service->id, 'recurringinvoices' => $made];
        $this->shop->hooks->run('ServiceRecurringCompleted', $variables);
        return false;
    }

    /** @param list<object> $services */
    private function invoice(array $services, string $due): int
    {
        $items = [];
        $from = [];
        foreach ($services as $service) {
            // A client may renew several cycles at once (WHMCS end-user docs, on-demand renewals): one line each.
            $start = $from[$service->id] ?? $due;
            $next = Cycle::after($start, $service->billingcycle);
            $from[$service->id] = $next;
            $name = Shop::row('tblproducts', (int) $service->packageid)['name'];
            $items[] = ['type' => 'Hosting', 'relid' => (int) $service->id, 'description' => "$name ($start - $next)",
                'amount' => (float) $service->amount];
            Capsule::table('tblhosting')->where('id', $service->id)->update(['nextinvoicedate' => $next]);
        }
        $first = $services[0];
        $invoices = new Invoices($this->shop);
        $id = $invoices->create((int) $first->userid, $items, $due, (string) $first->paymentmethod, 'autogen');
        if ((float) Shop::row('tblinvoices', $id)['total'] === 0.0) {
            $invoices->settle($id, 'zero');
        }
        return $id;
    }
}
