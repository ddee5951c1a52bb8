<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Api;

use Panelbridge\Standin\Clients;
use Panelbridge\Standin\ConfigurableOptions;
use Panelbridge\Standin\CustomFields;
use Panelbridge\Standin\Orders;
use Panelbridge\Standin\Refused;
use Panelbridge\Standin\Services;
use Panelbridge\Standin\Shop;
use WHMCS\Database\Capsule;

/** Services, clients and orders through the API (WHMCS API reference). */
final class ServiceActions
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, callable(array<string, mixed>): array<string, mixed>> */
    public function handlers(): array
    {
        return [
            'getclientsproducts' => fn (array $v): array => $this->products($v),
            'updateclientproduct' => fn (array $v): array => $this->update($v),
            'getclientsdetails' => fn (array $v): array => $this->client($v),
            'updateclient' => fn (array $v): array => $this->updateClient($v),
            'addclientnote' => fn (array $v): array => $this->addNote($v),
            'acceptorder' => fn (array $v): array => $this->accept($v),
            'getorders' => fn (array $v): array => $this->orders($v),
            'addcancelrequest' => fn (array $v): array => $this->cancel($v),
            'getcancelledpackages' => fn (array $v): array => $this->cancelled(),
        ];
    }

    /**
     * The service password is part of the answer (WHMCS API reference, GetClientsProducts).
     *
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function products(array $values): array
    {
        $query = Capsule::table('tblhosting')->orderBy('id');
        $columns = ['serviceid' => 'id', 'clientid' => 'userid', 'pid' => 'packageid', 'domain' => 'domain'];
        foreach ($columns as $key => $column) {
            if (isset($values[$key])) {
                $query->where($column, $values[$key]);
            }
        }
        $total = $query->count();
        $start = (int) ($values['limitstart'] ?? 0);
        $rows = $query->offset($start)->limit((int) ($values['limitnum'] ?? 25))->get()->all();
        $products = array_map(fn (object $row): array => $this->product((array) $row), $rows);
        return ['clientid' => $values['clientid'] ?? null, 'serviceid' => $values['serviceid'] ?? null,
            'totalresults' => $total, 'startnumber' => $start, 'numreturned' => count($products),
            'products' => ['product' => $products]];
    }

    /**
     * @param array<string, mixed> $row
     * @return array<string, mixed>
     */
    private function product(array $row): array
    {
        $id = (int) $row['id'];
        $server = (array) Capsule::table('tblservers')->where('id', $row['server'])->first();
        $fields = [];
        foreach ((new CustomFields())->ofProduct((int) $row['packageid']) as $field) {
            $name = (string) $field['fieldname'];
            $value = (new CustomFields())->value($id, $name);
            $fields[] = ['id' => $field['id'], 'name' => $name, 'translated_name' => $name, 'value' => $value];
        }
        $options = [];
        foreach ((new ConfigurableOptions())->values($id) as $name => $value) {
            $options[] = ['id' => count($options) + 1, 'option' => $name, 'type' => 'dropdown', 'value' => $value];
        }
        $same = ['id', 'qty', 'orderid', 'regdate', 'domain', 'dedicatedip', 'firstpaymentamount', 'paymentmethod',
            'billingcycle', 'nextduedate', 'username', 'subscriptionid', 'promoid', 'overideautosuspend',
            'overidesuspenduntil', 'ns1', 'ns2', 'assignedips', 'notes', 'diskusage', 'disklimit', 'bwusage', 'bwlimit',
            'lastupdate'];
        return array_intersect_key($row, array_flip($same)) + [
            'clientid' => $row['userid'], 'pid' => $row['packageid'], 'serverid' => $row['server'],
            'name' => Shop::row('tblproducts', (int) $row['packageid'])['name'], 'recurringamount' => $row['amount'],
            'servername' => $server['name'] ?? '', 'serverhostname' => $server['hostname'] ?? '',
            'serverip' => $server['ipaddress'] ?? '', 'status' => $row['domainstatus'],
            'suspensionreason' => $row['suspendreason'], 'password' => $this->shop->decrypt((string) $row['password']),
            'customfields' => ['customfield' => $fields], 'configoptions' => ['configoption' => $options],
        ];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function update(array $values): array
    {
        $id = ModuleActions::serviceId($values);
        Shop::row('tblhosting', $id);
        (new Services($this->shop))->update($id, $values);
        // customfields is base64 of a PHP-serialised map of field ids; unknown ids are silently ignored.
        $map = isset($values['customfields'])
            ? unserialize((string) base64_decode((string) $values['customfields']), ['allowed_classes' => false]) : [];
        foreach (is_array($map) ? $map : [] as $key => $value) {
            if (is_int($key) && Capsule::table('tblcustomfields')->where('id', $key)->exists()) {
                (new CustomFields())->set($key, $id, (string) $value);
            } else {
                (new CustomFields())->setByName($id, (string) $key, (string) $value);
            }
        }
        return ['serviceid' => $id];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function client(array $values): array
    {
        $row = Shop::row('tblclients', (int) ($values['clientid'] ?? 0));
        $client = ['client_id' => $row['id'], 'userid' => $row['id']] + $row;
        return ['client' => $client] + $client;
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function updateClient(array $values): array
    {
        $id = (int) ($values['clientid'] ?? 0);
        (new Clients($this->shop))->edit($id, array_diff_key($values, ['clientid' => true]));
        return ['clientid' => $id];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function addNote(array $values): array
    {
        $id = (int) ($values['userid'] ?? 0);
        Shop::row('tblclients', $id);
        $row = ['userid' => $id, 'note' => (string) ($values['notes'] ?? ''), 'created' => $this->shop->clock->stamp()];
        return ['noteid' => (int) Capsule::table('tblnotes')->insertGetId($row)];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function accept(array $values): array
    {
        $autosetup = isset($values['autosetup']) ? (bool) $values['autosetup'] : null;
        (new Orders($this->shop))->accept((int) ($values['orderid'] ?? 0), $autosetup);
        return [];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function orders(array $values): array
    {
        $query = Capsule::table('tblorders')->orderByDesc('id');
        foreach (['id', 'userid', 'status'] as $key) {
            if (isset($values[$key])) {
                $query->where($key, $values[$key]);
            }
        }
        $rows = array_map(static fn (object $row): array => (array) $row, $query->get()->all());
        return ['totalresults' => count($rows), 'startnumber' => 0, 'numreturned' => count($rows),
            'orders' => ['order' => $rows]];
    }

    /**
     * @param array<string, mixed> $values
     * @return array<string, mixed>
     */
    private function cancel(array $values): array
    {
        $type = (string) ($values['type'] ?? 'End of Billing Period');
        if (!in_array($type, ['Immediate', 'End of Billing Period'], true)) {
            throw new Refused('Invalid cancellation type');
        }
        $reason = (string) ($values['reason'] ?? '');
        (new Services($this->shop))->requestCancellation(ModuleActions::serviceId($values), $type, $reason);
        return [];
    }

    /** @return array<string, mixed> */
    private function cancelled(): array
    {
        $requests = Capsule::table('tblcancelrequests')->get()->all();
        $rows = array_map(static fn (object $row): array => (array) $row, $requests);
        return ['totalresults' => count($rows), 'numreturned' => count($rows), 'packages' => ['package' => $rows]];
    }
}
