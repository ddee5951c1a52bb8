<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/**
 * Upgrades and downgrades: each side at its own price per day of its own cycle times the days left, next due date
 * unchanged, nothing changes until the upgrade's invoice is paid; one open upgrade at a time (WHMCS end-user docs,
 * upgrades and downgrades; API reference, UpgradeProduct).
 */
final class Upgrades
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, mixed> refusals, upgrade_id, order_id, invoice_id (0 when nothing is due), amount */
    public function product(int $serviceId, int $newProductId, string $newCycle): array
    {
        $service = Shop::row('tblhosting', $serviceId);
        $refusals = $this->refusals($service, ['id' => $serviceId, 'pid' => $newProductId]);
        if ($refusals !== []) {
            return ['refusals' => $refusals];
        }
        $cycle = $newCycle === '' ? (string) $service['billingcycle'] : Cycle::named($newCycle);
        $price = max(0.0, Catalogue::productPrice($newProductId, Cycle::priceColumn($cycle)));
        [$left, $total, $start] = $this->days($service);
        $change = $price - (float) $service['amount'];
        $amount = $price;
        if ($total > 0) {
            $days = Cycle::days($start, Cycle::after($start, $cycle));
            $daily = ($days > 0 ? $price / $days : 0.0) - (float) $service['amount'] / $total;
            $amount = round($daily * $left, 2);
        }
        $overrides = $this->shop->hooks->merged('OrderProductUpgradeOverride', [
            'oldproductid' => (int) $service['packageid'], 'newproductid' => $newProductId, 'days' => $left,
            'totaldays' => $total, 'price' => Text::money($amount), 'discount' => '0.00',
        ]);
        return $this->order($service, [
            'type' => 'package', 'originalvalue' => (string) $service['packageid'],
            'newvalue' => "$newProductId," . Cycle::cartName($cycle), 'new_recurring_amount' => Text::money($price),
            'recurringchange' => Text::money($change), 'days_remaining' => $left, 'total_days_in_cycle' => $total,
        ], (float) ($overrides['price'] ?? $amount));
    }

    /**
     * @param array<string, mixed> $chosen option name => new choice
     * @return array<string, mixed>
     */
    public function options(int $serviceId, array $chosen): array
    {
        $service = Shop::row('tblhosting', $serviceId);
        $refusals = $this->refusals($service, ['id' => $serviceId, 'pid' => (int) $service['packageid']]);
        if ($refusals !== []) {
            return ['refusals' => $refusals];
        }
        $options = new ConfigurableOptions();
        $wanted = $chosen + $options->values($serviceId);
        $selections = $options->selections((int) $service['packageid'], $wanted);
        $old = $options->selections((int) $service['packageid'], $options->values($serviceId));
        $cycle = (string) $service['billingcycle'];
        $change = $options->price($selections, $cycle) - $options->price($old, $cycle);
        [$left, $total] = $this->days($service);
        $kept = [];
        foreach ($selections as $one) {
            $kept[] = [$one['configid'], $one['optionid'], $one['qty']];
        }
        return $this->order($service, [
            'type' => 'configoptions', 'originalvalue' => Json::encode($options->values($serviceId)),
            'newvalue' => Json::encode($kept),
            'new_recurring_amount' => Text::money((float) $service['amount'] + $change),
            'recurringchange' => Text::money($change), 'days_remaining' => $left, 'total_days_in_cycle' => $total,
        ], $total > 0 ? round($change * $left / $total, 2) : $change);
    }

    /** The upgrade's invoice was paid: the record changes first, then the module is called. */
    public function complete(int $upgradeId): string
    {
        $upgrade = Shop::row('tblupgrades', $upgradeId);
        $serviceId = (int) $upgrade['relid'];
        $changes = ['amount' => (string) $upgrade['new_recurring_amount']];
        if ($upgrade['type'] === 'package') {
            [$productId, $cycle] = explode(',', (string) $upgrade['newvalue']);
            $cycle = Cycle::named($cycle);
            $changes += ['packageid' => (int) $productId, 'billingcycle' => $cycle]
                + $this->firstDueDate($serviceId, $cycle);
            $this->keepCustomFields($serviceId, (int) $productId);
        } else {
            foreach (Json::decode((string) $upgrade['newvalue']) as [$configId, $optionId, $quantity]) {
                (new ConfigurableOptions())->store($serviceId, (int) $configId, (int) $optionId, (int) $quantity);
            }
        }
        Capsule::table('tblhosting')->where('id', $serviceId)->update($changes);
        $answer = (new ModuleCommand($this->shop))->run($serviceId, 'ChangePackage', true);
        // Billing has moved on even when the module failed (acronis reverts the product in the Failed hook).
        $row = ['paid' => 'Y', 'status' => $answer === 'success' ? 'Completed' : 'Pending'];
        Capsule::table('tblupgrades')->where('id', $upgradeId)->update($row);
        if ($answer === 'success') {
            (new Mailer($this->shop))->send('Upgrade Order Completed', $serviceId);
        }
        $hook = $upgrade['type'] === 'package' ? 'AfterProductUpgrade' : 'AfterConfigOptionsUpgrade';
        $this->shop->hooks->run($hook, ['upgradeid' => $upgradeId]);
        return $answer;
    }

    /**
     * @param array<string, mixed> $service
     * @param array<string, int> $variables
     * @return list<string>
     */
    private function refusals(array $service, array $variables): array
    {
        $open = Capsule::table('tblupgrades')->where('relid', $service['id'])->where('paid', 'N')->exists();
        if ($open) {
            return ['An earlier upgrade of this service has an unpaid invoice'];
        }
        $_SESSION['uid'] = (int) $service['userid'];
        return $this->shop->hooks->refusals('ShoppingCartValidateUpgrade', $variables);
    }

    /**
     * @param array<string, mixed> $service
     * @param array<string, mixed> $row
     * @return array<string, mixed>
     */
    private function order(array $service, array $row, float $amount): array
    {
        $clientId = (int) $service['userid'];
        $order = (int) Capsule::table('tblorders')->insertGetId([
            'ordernum' => (string) random_int(1000000000, 9999999999), 'userid' => $clientId, 'status' => 'Pending',
            'date' => $this->shop->clock->stamp(), 'paymentmethod' => $service['paymentmethod'],
        ]);
        $upgrade = (int) Capsule::table('tblupgrades')->insertGetId($row + [
            'userid' => $clientId, 'orderid' => $order, 'relid' => (int) $service['id'], 'paid' => 'N',
            'date' => $this->shop->clock->today(), 'amount' => Text::money($amount), 'status' => 'Pending',
        ]);
        $priced = $this->shop->hooks->merged('PreUpgradeCheckout', ['clientId' => $clientId, 'upgradeId' => $upgrade,
            'serviceId' => (int) $service['id'], 'amount' => $amount, 'discount' => 0.0]);
        $amount = (float) ($priced['amount'] ?? $amount);
        $made = ['refusals' => [], 'upgrade_id' => $upgrade, 'order_id' => $order, 'invoice_id' => 0,
            'amount' => Text::money($amount)];
        if ($amount <= 0) {
            if ($amount < 0 && $this->shop->settings->says('credit_on_downgrade')) {
                // General settings, Credit on Downgrade (WHMCS end-user docs, credit tab).
                (new Transactions($this->shop))->credit($clientId, -$amount, "Credit of downgrade $upgrade");
            }
            $this->complete($upgrade);
            return $made;
        }
        $item = ['type' => 'Upgrade', 'relid' => $upgrade, 'description' => 'Upgrade', 'amount' => $amount];
        $today = $this->shop->clock->today();
        $invoice = (new Invoices($this->shop))
            ->create($clientId, [$item], $today, (string) $service['paymentmethod'], 'order');
        Capsule::table('tblorders')->where('id', $order)
            ->update(['invoiceid' => $invoice, 'amount' => Text::money($amount)]);
        return ['invoice_id' => $invoice] + $made;
    }

    /**
     * @param array<string, mixed> $service
     * @return array{0: int, 1: int, 2: string} days left until the due date, days of the cycle that ends there (0
     *     where there is none), the day it began
     */
    private function days(array $service): array
    {
        $due = (string) $service['nextduedate'];
        if (!Cycle::isRecurring((string) $service['billingcycle'])) {
            return [0, 0, $this->shop->clock->today()];
        }
        $start = max(Cycle::before($due, (string) $service['billingcycle']), (string) $service['regdate']);
        return [max(0, Cycle::days($this->shop->clock->today(), $due)), Cycle::days($start, $due), $start];
    }

    /**
     * A service without a due date gets one a cycle from the upgrade (WHMCS end-user docs, free to paid products).
     *
     * @return array<string, string>
     */
    private function firstDueDate(int $serviceId, string $cycle): array
    {
        $had = (string) Shop::row('tblhosting', $serviceId)['billingcycle'];
        if (Cycle::isRecurring($had) || !Cycle::isRecurring($cycle)) {
            return [];
        }
        $due = Cycle::after($this->shop->clock->today(), $cycle);
        return ['nextduedate' => $due, 'nextinvoicedate' => $due];
    }

    /** Custom fields belong to a product; whether same-named values survive an upgrade is not documented. */
    private function keepCustomFields(int $serviceId, int $newProductId): void
    {
        if (!$this->shop->settings->says('keep_customfields_on_upgrade')) {
            return;
        }
        $values = (new CustomFields())->values($serviceId);
        foreach ((new CustomFields())->ofProduct($newProductId) as $field) {
            $name = Text::beforePipe((string) $field['fieldname']);
            if (isset($values[$name])) {
                (new CustomFields())->set((int) $field['id'], $serviceId, $values[$name]);
            }
        }
    }
}
