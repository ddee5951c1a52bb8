<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use ReflectionProperty;
use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\Notebook;

/** WHMCS's tables as far as the module reads them, and $params built from them. All values are invented. */
final class Shop
{
    public const KEY = 'pb_test_CanaryKey77/+q';
    public const PASSWORD = 'Canary&Pass"9/x';

    private const TABLES = [
        'tblconfiguration' => 'setting value created_at updated_at',
        'tblhosting' => 'userid orderid packageid server regdate domain billingcycle nextduedate qty domainstatus'
            . ' username password suspendreason diskusage disklimit bwusage bwlimit lastupdate',
        'tblproducts' => 'servertype servergroup name paytype allowqty welcomeemail showdomainoptions proratabilling'
            . ' configoption1 configoption2 configoption3',
        'tblpricing' => 'type relid currency monthly quarterly semiannually annually biennially triennially',
        'tblservers' => 'type hostname ipaddress port secure username password active disabled',
        'tblservergroupsrel' => 'groupid serverid',
        'tblorders' => 'invoiceid status',
        'tblcancelrequests' => 'relid type',
        'tblupgrades' => 'relid type originalvalue newvalue',
        'tblinvoices' => 'status datepaid',
        'tblinvoiceitems' => 'invoiceid type relid',
        'tblclients' => 'email',
        'tblemailtemplates' => 'type name subject message',
        'tblcustomfields' => 'type relid fieldname',
        'tblcustomfieldsvalues' => 'fieldid relid value',
        'tblproductconfiglinks' => 'gid pid',
        'tblproductconfigoptions' => 'gid optionname optiontype qtyminimum qtymaximum',
        'tblproductconfigoptionssub' => 'configid optionname',
        'tblhostingconfigoptions' => 'relid configid optionid qty',
    ];

    public function __construct()
    {
        $capsule = new Capsule();
        $capsule->addConnection(['driver' => 'sqlite', 'database' => ':memory:']);
        $capsule->setAsGlobal();
        $exists = new ReflectionProperty(Notebook::class, 'exists');
        $exists->setAccessible(true);
        $exists->setValue(null, false);
        foreach (self::TABLES as $table => $columns) {
            $list = '"' . str_replace(' ', '", "', $columns) . '"';
            $capsule->getConnection()->statement("CREATE TABLE $table (id INTEGER PRIMARY KEY, $list)");
        }
        $this->fill();
    }

    public function add(string $table, array $row): int
    {
        return (int) Capsule::table($table)->insertGetId($row);
    }

    public function change(string $table, int $id, array $columns): void
    {
        Capsule::table($table)->where('id', $id)->update($columns);
    }

    /** A paid invoice with one line for a service. */
    public function paidInvoice(int $invoice, int $item, int $service, string $paid = '2026-12-01 10:00:00'): void
    {
        $this->add('tblinvoices', ['id' => $invoice, 'status' => 'Paid', 'datepaid' => $paid]);
        $line = ['id' => $item, 'invoiceid' => $invoice, 'type' => 'Hosting', 'relid' => $service];
        $this->add('tblinvoiceitems', $line);
    }

    /** @return array<string, mixed> */
    public function params(array $over = []): array
    {
        return $over + self::serverKeys() + [
            'serviceid' => 501, 'userid' => 42, 'pid' => 7, 'domain' => '', 'username' => 'pb501k7m2qx',
            'password' => htmlspecialchars(self::PASSWORD, ENT_QUOTES), 'producttype' => 'other',
            'moduletype' => 'panelbridge', 'status' => 'Active', 'addonId' => 0, 'suspendreason' => '',
            'configoption1' => 'gold', 'configoption2' => '', 'configoption3' => '0',
            'customfields' => ['Device MAC' => '00:1A:79:CA:FE:01', 'Username' => ''],
            'configoptions' => ['Connections' => 2, 'Adult' => 0], 'model' => new ServiceModel(501),
            'clientsdetails' => ['id' => 42, 'lastname' => 'O&#039;Neil', 'language' => 'english'],
        ];
    }

    /** @return array<string, mixed> */
    public static function serverKeys(): array
    {
        return [
            'server' => true, 'serverid' => 3, 'serverhostname' => '127.0.0.1', 'serverip' => '',
            'serverport' => '8443',
            'serversecure' => true, 'serverhttpprefix' => 'https', 'serverusername' => 'test',
            'serverpassword' => self::KEY, 'serveraccesshash' => '',
        ];
    }

    private function fill(): void
    {
        $this->add('tblconfiguration', ['setting' => 'SystemURL', 'value' => 'https://shop.example.test/']);
        $this->add('tblconfiguration', ['setting' => 'Version', 'value' => '8.13.1-release.1']);
        $this->add('tblservers', ['id' => 3, 'type' => 'panelbridge', 'hostname' => '127.0.0.1', 'port' => 8443,
            'secure' => 'on', 'username' => 'test', 'password' => 'sealed:' . self::KEY, 'active' => 1,
            'disabled' => 0]);
        $this->add('tblservergroupsrel', ['groupid' => 1, 'serverid' => 3]);
        $this->add('tblproducts', ['id' => 7, 'servertype' => 'panelbridge', 'servergroup' => 1,
            'name' => 'TV Gold', 'paytype' => 'recurring', 'allowqty' => 0, 'welcomeemail' => 11,
            'showdomainoptions' => 0, 'proratabilling' => 0, 'configoption1' => 'gold', 'configoption2' => '',
            'configoption3' => '0']);
        $this->add('tblproducts', ['id' => 8, 'servertype' => 'cpanel', 'servergroup' => 0, 'paytype' => 'recurring']);
        $this->add('tblpricing', ['type' => 'product', 'relid' => 7, 'monthly' => '9.00', 'quarterly' => '-1.00',
            'semiannually' => '-1.00', 'annually' => '90.00', 'biennially' => '-1.00', 'triennially' => '-1.00']);
        $this->add('tblorders', ['id' => 60, 'invoiceid' => 70, 'status' => 'Active']);
        foreach ([501 => 7, 502 => 8] as $id => $product) {
            $this->add('tblhosting', ['id' => $id, 'userid' => 42, 'orderid' => 60, 'packageid' => $product,
                'server' => 3,
                'regdate' => '2026-11-20', 'domain' => '', 'billingcycle' => 'Monthly', 'nextduedate' => '2026-12-20',
                'qty' => 1, 'domainstatus' => 'Active', 'username' => 'pb501k7m2qx',
                'password' => 'sealed:' . self::PASSWORD, 'suspendreason' => '']);
        }
        $this->add('tblclients', ['id' => 42, 'email' => 'ana@example.test']);
        $this->add('tblemailtemplates', ['id' => 11, 'type' => 'product', 'name' => 'Panel Welcome', 'subject' => 'Hi',
            'message' => 'User {$service_username} {$service_password}']);
        $this->add('tblemailtemplates', ['id' => 12, 'type' => 'product', 'name' => 'Service Suspended',
            'subject' => 'Hi', 'message' => 'Your service is suspended.']);
        $this->add('tblcustomfields', ['id' => 21, 'type' => 'product', 'relid' => 7, 'fieldname' => 'Username']);
        $this->add('tblcustomfields', ['id' => 22, 'type' => 'product', 'relid' => 7, 'fieldname' => 'Device MAC|MAC']);
        $option = ['id' => 31, 'gid' => 5, 'optionname' => 'Connections', 'optiontype' => 4];
        $this->add('tblproductconfigoptions', $option);
    }
}
