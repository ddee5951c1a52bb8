<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use WHMCS\Database\Capsule;

/** Products, prices, servers and clients: what an admin sets up. */
final class Catalogue
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @param array<string, mixed> $wanted see standin/README.md, add_product */
    public function addProduct(array $wanted): int
    {
        $row = [
            'type' => (string) ($wanted['type'] ?? 'other'),
            'gid' => 1,
            'name' => (string) $wanted['name'],
            'slug' => strtolower((string) preg_replace('/[^A-Za-z0-9]+/', '-', (string) $wanted['name'])),
            'paytype' => (string) ($wanted['paytype'] ?? 'recurring'),
            'autosetup' => (string) ($wanted['autosetup'] ?? 'payment'),
            'servertype' => (string) ($wanted['module'] ?? $this->shop->module()->name),
            'servergroup' => (int) ($wanted['server_group'] ?? 0),
            'autoterminatedays' => (int) ($wanted['autoterminate_days'] ?? 0),
            'recurringcycles' => (int) ($wanted['recurring_cycles'] ?? 0),
            'allowqty' => (int) ($wanted['allow_quantity'] ?? 1),
            'welcomeemail' => $this->templateId((string) ($wanted['welcome_email'] ?? '')),
            'configoptionsupgrade' => 1,
            'showdomainoptions' => (int) ($wanted['require_domain'] ?? false),
            'proratabilling' => (int) isset($wanted['prorata_date']),
            'proratadate' => (int) ($wanted['prorata_date'] ?? 0),
            'proratachargenextmonth' => (int) ($wanted['prorata_next_month'] ?? 0),
        ];
        foreach ($wanted['config_options'] ?? [] as $position => $value) {
            $row['configoption' . ((int) $position + 1)] = Text::fromForm((string) $value);
        }
        $id = (int) Capsule::table('tblproducts')->insertGetId($row);
        self::setPricing('product', $id, (array) ($wanted['pricing'] ?? []));
        foreach ($wanted['custom_fields'] ?? [] as $field) {
            (new CustomFields())->create($id, $field);
        }
        if (($wanted['configurable_options'] ?? []) !== []) {
            (new ConfigurableOptions())->attach($id, $wanted['configurable_options']);
        }
        $this->productSaved($id);
        return $id;
    }

    /** @param array<int|string, mixed> $values configoption number => value */
    public function saveModuleSettings(int $productId, array $values): void
    {
        $row = [];
        foreach ($values as $number => $value) {
            $row['configoption' . (int) $number] = Text::fromForm((string) $value);
        }
        Capsule::table('tblproducts')->where('id', $productId)->update($row);
        $this->productSaved($productId);
    }

    /** @param array<string, mixed> $prices price columns of tblpricing; a missing cycle is off (-1.00) */
    public static function setPricing(string $type, int $relatedId, array $prices): void
    {
        $row = ['type' => $type, 'currency' => 1, 'relid' => $relatedId];
        foreach (['monthly', 'quarterly', 'semiannually', 'annually', 'biennially', 'triennially'] as $cycle) {
            $row[$cycle] = Text::money((float) ($prices[$cycle] ?? ($type === 'product' ? -1 : 0)));
            $setup = $cycle[0] . 'setupfee';
            $row[$setup] = Text::money((float) ($prices[$setup] ?? 0));
        }
        Capsule::table('tblpricing')->insert($row);
    }

    public static function productPrice(int $productId, string $column): float
    {
        return (float) Capsule::table('tblpricing')->where('type', 'product')->where('relid', $productId)
            ->value($column);
    }

    /** @param array<string, mixed> $wanted */
    public function addServer(array $wanted): int
    {
        $hash = (string) ($wanted['access_hash'] ?? '');
        $encrypted = $this->shop->settings->says('accesshash_encrypted') && $hash !== '';
        $id = (int) Capsule::table('tblservers')->insertGetId([
            'name' => (string) ($wanted['name'] ?? $wanted['hostname']),
            'hostname' => (string) $wanted['hostname'],
            'ipaddress' => (string) ($wanted['ip'] ?? '127.0.0.1'),
            'type' => $this->shop->module()->name,
            'username' => Text::fromForm((string) ($wanted['username'] ?? '')),
            'password' => $this->shop->encrypt(Text::fromForm((string) ($wanted['password'] ?? ''))),
            'accesshash' => $encrypted ? $this->shop->encrypt($hash) : $hash,
            'secure' => ($wanted['secure'] ?? true) ? 'on' : '',
            'port' => (int) ($wanted['port'] ?? 0),
            'maxaccounts' => (int) ($wanted['max_accounts'] ?? 200),
            'active' => 1,
        ]);
        $this->shop->hooks->run('ServerAdd', ['serverid' => $id]);
        return $id;
    }

    /** @param list<int> $serverIds */
    public function addServerGroup(string $name, array $serverIds, bool $fill): int
    {
        $row = ['name' => $name, 'filltype' => $fill ? 2 : 1];
        $group = (int) Capsule::table('tblservergroups')->insertGetId($row);
        foreach ($serverIds as $serverId) {
            Capsule::table('tblservergroupsrel')->insert(['groupid' => $group, 'serverid' => $serverId]);
        }
        return $group;
    }

    /**
     * The server a new service gets: fill one after the other, or the least full (WHMCS end-user docs, servers).
     *
     * @param array<string, mixed> $product
     */
    public function pickServer(array $product): int
    {
        $servers = Capsule::table('tblservers')->where('type', $product['servertype'])->where('disabled', 0);
        $group = (int) $product['servergroup'];
        if ($group > 0) {
            $servers->whereIn('id', Capsule::table('tblservergroupsrel')->where('groupid', $group)->pluck('serverid'));
        }
        $used = [];
        foreach ($servers->orderBy('id')->get() as $server) {
            $count = Capsule::table('tblhosting')->where('server', $server->id)
                ->whereIn('domainstatus', ['Active', 'Suspended'])->count();
            if ($count < (int) $server->maxaccounts) {
                $used[(int) $server->id] = $count;
            }
        }
        $fills = (int) Capsule::table('tblservergroups')->where('id', $group)->value('filltype') === 2;
        if ($used === []) {
            return 0;
        }
        return $fills ? (int) array_key_first($used) : (int) array_search(min($used), $used, true);
    }

    /** @param array<string, mixed> $wanted */
    public function addClient(array $wanted): int
    {
        $row = ['uuid' => bin2hex(random_bytes(16)), 'currency' => 1, 'status' => 'Active',
            'datecreated' => $this->shop->clock->today()];
        foreach (
            ['firstname', 'lastname', 'companyname', 'email', 'address1', 'address2', 'city', 'state', 'postcode',
            'country', 'phonenumber', 'language', 'notes'] as $key
        ) {
            $row[$key] = Text::fromForm((string) ($wanted[$key] ?? ''));
        }
        $id = (int) Capsule::table('tblclients')->insertGetId($row);
        $this->shop->hooks->run('ClientAdd', ['userid' => $id, 'client_id' => $id] + $row);
        return $id;
    }

    private function productSaved(int $productId): void
    {
        $product = Shop::row('tblproducts', $productId);
        if ($product['servertype'] === $this->shop->module()->name) {
            $this->shop->noteModuleHooks();
        }
        $this->shop->hooks->run('ProductEdit', ['pid' => $productId] + $product);
    }

    private function templateId(string $name): int
    {
        return (int) Capsule::table('tblemailtemplates')->where('name', $name)->where('type', 'product')->value('id');
    }
}
