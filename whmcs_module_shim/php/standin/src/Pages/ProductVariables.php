<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

use Panelbridge\Standin\ConfigurableOptions;
use Panelbridge\Standin\CustomFields;
use Panelbridge\Standin\Shop;
use Panelbridge\Standin\Text;
use WHMCS\Database\Capsule;

/** What a template on the product details page finds (official sample module's overview template). */
final class ProductVariables
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, mixed> */
    public function of(int $id): array
    {
        $service = Shop::row('tblhosting', $id);
        $product = Shop::row('tblproducts', (int) $service['packageid']);
        $same = ['regdate', 'domain', 'dedicatedip', 'assignedips', 'ns1', 'ns2', 'username', 'lastupdate', 'diskusage',
            'disklimit', 'bwusage', 'bwlimit', 'paymentmethod', 'billingcycle', 'nextduedate', 'suspendreason'];
        return array_intersect_key($service, array_flip($same)) + [
            'id' => $id,
            'serviceid' => $id,
            'token' => (string) ($_SESSION['token'] ?? ''),
            'WEB_ROOT' => '',
            'systemurl' => (string) $this->shop->settings->configuration('SystemURL'),
            'groupname' => (string) Shop::row('tblproductgroups', (int) $product['gid'])['name'],
            'product' => (string) $product['name'],
            'type' => (string) $product['type'],
            'modulename' => (string) $product['servertype'],
            'password' => $this->shop->decrypt((string) $service['password']),
            'serverdata' => $this->server((int) $service['server']),
            'configurableoptions' => $this->options($id),
            'productcustomfields' => $this->fields((int) $service['packageid'], $id),
            'diskpercent' => '0%',
            'bwpercent' => '0%',
            'firstpaymentamount' => '$' . $service['firstpaymentamount'] . ' USD',
            'recurringamount' => '$' . $service['amount'] . ' USD',
            'status' => (string) $service['domainstatus'],
            'rawstatus' => strtolower((string) $service['domainstatus']),
            'systemStatus' => (string) $service['domainstatus'],
            'packagesupgrade' => true,
            'pendingcancellation' => Capsule::table('tblcancelrequests')->where('relid', $id)->exists(),
            'LANG' => ['clientareastatus' => 'Status'],
        ];
    }

    /** @return array<string, string> */
    private function server(int $serverId): array
    {
        $row = (array) Capsule::table('tblservers')->where('id', $serverId)->first();
        $names = ['hostname', 'ipaddress', 'nameserver1', 'nameserver1ip', 'nameserver2', 'nameserver2ip'];
        return array_map('strval', array_intersect_key($row, array_flip($names)));
    }

    /** @return list<array<string, mixed>> */
    private function options(int $id): array
    {
        $shown = [];
        $values = (new ConfigurableOptions())->values($id);
        $productId = (int) Shop::row('tblhosting', $id)['packageid'];
        foreach ((new ConfigurableOptions())->ofProduct($productId) as $option) {
            $value = $values[Text::beforePipe((string) $option['optionname'])] ?? '';
            $shown[] = ['optionname' => Text::afterPipe((string) $option['optionname']), 'selectedoption' => $value,
                'optiontype' => (int) $option['optiontype'], 'selectedqty' => is_int($value) ? $value : 0];
        }
        return $shown;
    }

    /** @return list<array{name: string, value: string}> only what is not for admins alone */
    private function fields(int $productId, int $serviceId): array
    {
        $shown = [];
        foreach ((new CustomFields())->ofProduct($productId) as $field) {
            if ($field['adminonly'] !== 'on') {
                $value = (string) (new CustomFields())->value($serviceId, (string) $field['fieldname']);
                $shown[] = ['name' => Text::afterPipe((string) $field['fieldname']), 'value' => $value];
            }
        }
        return $shown;
    }
}
