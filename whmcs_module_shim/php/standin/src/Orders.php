<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;
use WHMCS\Service\Status;

/** Orders: placed, accepted, cancelled (WHMCS developer docs, hooks; API reference, orders). */
final class Orders
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param list<array<string, mixed>> $items pid, billingcycle, domain, quantity, price, and by name custom_fields
     *     and configurable_options
     * @return array<string, mixed> order_id, order_number, service_ids, invoice_id (0 if none)
     */
    public function place(int $clientId, array $items, string $method, bool $throughCart): array
    {
        $orderId = (int) Capsule::table('tblorders')->insertGetId([
            'ordernum' => (string) random_int(1000000000, 9999999999), 'userid' => $clientId, 'status' => 'Pending',
            'date' => $this->shop->clock->stamp(), 'paymentmethod' => $method, 'ipaddress' => '127.0.0.1',
        ]);
        $services = [];
        foreach ($items as $item) {
            array_push($services, ...$this->addServices($orderId, $clientId, $item, $method));
        }
        $invoiceId = $this->invoice($orderId, $clientId, $services, $method);
        $this->setUpAtCheckout($services, $invoiceId, $throughCart);
        $order = Shop::row('tblorders', $orderId);
        $this->shop->hooks->run('AfterShoppingCartCheckout', [
            'OrderID' => $orderId, 'OrderNumber' => $order['ordernum'], 'ServiceIDs' => $services, 'AddonIDs' => [],
            'DomainIDs' => [], 'RenewalIDs' => [], 'PaymentMethod' => $method, 'InvoiceID' => $invoiceId,
            'TotalDue' => $order['amount'],
        ]);
        if ($invoiceId > 0 && (float) Shop::row('tblinvoices', $invoiceId)['total'] === 0.0) {
            (new Invoices($this->shop))->settle($invoiceId, 'zero');
        }
        return ['order_id' => $orderId, 'order_number' => $order['ordernum'], 'service_ids' => $services,
            'invoice_id' => $invoiceId];
    }

    /** @param ?bool $autosetup overrides each product's own policy (WHMCS API reference, AcceptOrder) */
    public function accept(int $orderId, ?bool $autosetup): void
    {
        if (Shop::row('tblorders', $orderId)['status'] !== 'Pending') {
            throw new Refused('Order ID not found or Status not Pending');
        }
        $this->shop->hooks->run('AcceptOrder', ['orderid' => $orderId]);
        $stopsEarly = str_starts_with((string) $this->shop->settings->configuration('Version'), '9.');
        foreach ($this->services($orderId) as $service) {
            $policy = Shop::row('tblproducts', (int) $service->packageid)['autosetup'];
            // WHMCS 9 leaves the loop when the order is no longer Pending (EZSCALE changelog 1.5.0). The order
            // gets Active only after the loop, unless a hook accepted it meanwhile.
            if ($stopsEarly && Shop::row('tblorders', $orderId)['status'] !== 'Pending') {
                return;
            }
            $status = ModuleCommand::service((int) $service->id)['domainstatus'];
            if ($status === Status::PENDING && ($autosetup ?? $policy === 'on')) {
                (new ModuleCommand($this->shop))->run((int) $service->id, 'CreateAccount', true);
            }
        }
        Capsule::table('tblorders')->where('id', $orderId)->update(['status' => 'Active']);
    }

    /** Changes states in the shop only; no document promises a module call. */
    public function close(int $orderId, string $status): void
    {
        $hook = ['Cancelled' => 'CancelOrder', 'Fraud' => 'FraudOrder'][$status]
            ?? throw new Refused("no order $status");
        $this->shop->hooks->run($hook, ['orderid' => $orderId]);
        Capsule::table('tblorders')->where('id', $orderId)->update(['status' => $status]);
        Capsule::table('tblhosting')->where('orderid', $orderId)->where('domainstatus', Status::PENDING)
            ->update(['domainstatus' => $status]);
    }

    public function delete(int $orderId): void
    {
        $this->shop->hooks->run('DeleteOrder', ['orderid' => $orderId]);
        foreach ($this->services($orderId) as $service) {
            (new Services($this->shop))->delete((int) $service->id);
        }
        Capsule::table('tblorders')->where('id', $orderId)->delete();
    }

    /**
     * @param array<string, mixed> $item
     * @return list<int>
     */
    private function addServices(int $orderId, int $clientId, array $item, string $method): array
    {
        $product = Shop::row('tblproducts', (int) $item['pid']);
        $quantity = max(1, (int) ($item['quantity'] ?? 1));
        // A quantity makes several services or one service with qty, by the product's setting (WHMCS 8.x).
        $asOne = $quantity > 1 && $this->shop->settings->says('quantity', 'one_service');
        $ids = [];
        for ($i = 0; $i < ($asOne ? 1 : $quantity); $i++) {
            $ids[] = $this->addService($orderId, $clientId, $item, $product, $asOne ? $quantity : 1, $method);
        }
        return $ids;
    }

    /**
     * @param array<string, mixed> $item
     * @param array<string, mixed> $product
     */
    private function addService(
        int $orderId,
        int $clientId,
        array $item,
        array $product,
        int $quantity,
        string $method
    ): int {
        $pid = (int) $product['id'];
        $free = $product['paytype'] === 'free';
        $cycle = $free ? 'Free Account' : Cycle::named((string) ($item['billingcycle'] ?? 'monthly'));
        $selections = (new ConfigurableOptions())->selections($pid, (array) ($item['configurable_options'] ?? []));
        $listed = max(0.0, Catalogue::productPrice($pid, Cycle::priceColumn($cycle)));
        $price = $free ? 0.0 : (float) ($item['price'] ?? $listed);
        $price = ($price + (new ConfigurableOptions())->price($selections, $cycle)) * $quantity;
        $setup = $free ? 0.0 : Catalogue::productPrice($pid, Cycle::setupColumn($cycle)) * $quantity;
        $today = $this->shop->clock->today();
        $first = Prorata::isOn($product) ? round($price * Prorata::share($product, $today, $cycle), 2) : $price;
        $id = (int) Capsule::table('tblhosting')->insertGetId([
            'userid' => $clientId, 'orderid' => $orderId, 'packageid' => $pid, 'regdate' => $today, 'qty' => $quantity,
            'domain' => Text::fromForm((string) ($item['domain'] ?? '')), 'paymentmethod' => $method,
            'firstpaymentamount' => Text::money($first + $setup), 'amount' => Text::money($price),
            'billingcycle' => $cycle, 'nextduedate' => $today, 'nextinvoicedate' => $today,
            'domainstatus' => Status::PENDING, 'password' => $this->shop->encrypt(Text::randomPassword()),
        ]);
        $this->storeChoices($id, $selections, (array) ($item['custom_fields'] ?? []));
        return $id;
    }

    /**
     * @param list<array<string, mixed>> $selections
     * @param array<string, mixed> $customFields name => typed text
     */
    private function storeChoices(int $serviceId, array $selections, array $customFields): void
    {
        foreach ($selections as $one) {
            (new ConfigurableOptions())->store($serviceId, $one['configid'], $one['optionid'], $one['qty']);
        }
        foreach ($customFields as $name => $typed) {
            (new CustomFields())->setByName($serviceId, (string) $name, Text::fromForm((string) $typed));
        }
    }

    /** @param list<int> $services */
    private function invoice(int $orderId, int $clientId, array $services, string $method): int
    {
        $items = [];
        $total = 0.0;
        foreach ($services as $serviceId) {
            $service = ModuleCommand::service($serviceId);
            if ($service['billingcycle'] === 'Free Account') {
                continue;
            }
            $total += (float) $service['firstpaymentamount'];
            $name = Shop::row('tblproducts', (int) $service['packageid'])['name'];
            $items[] = ['type' => 'Hosting', 'relid' => $serviceId, 'description' => "$name ({$service['regdate']})",
                'amount' => (float) $service['firstpaymentamount']];
        }
        Capsule::table('tblorders')->where('id', $orderId)->update(['amount' => Text::money($total)]);
        if ($items === []) {
            return 0;
        }
        $id = (new Invoices($this->shop))->create($clientId, $items, $this->shop->clock->today(), $method, 'order');
        Capsule::table('tblorders')->where('id', $orderId)->update(['invoiceid' => $id]);
        return $id;
    }

    /** @param list<int> $services */
    private function setUpAtCheckout(array $services, int $invoiceId, bool $throughCart): void
    {
        foreach ($services as $serviceId) {
            $service = ModuleCommand::service($serviceId);
            $policy = Shop::row('tblproducts', (int) $service['packageid'])['autosetup'];
            // AddOrder ignores "setup on order" (WHMCS API reference, AddOrder).
            $now = $throughCart && ($policy === 'order' || ($policy === 'payment' && $invoiceId === 0));
            if ($now) {
                (new ModuleCommand($this->shop))->run($serviceId, 'CreateAccount', true);
            }
        }
    }

    /** @return list<object> */
    private function services(int $orderId): array
    {
        return Capsule::table('tblhosting')->where('orderid', $orderId)->orderBy('id')->get()->all();
    }
}
