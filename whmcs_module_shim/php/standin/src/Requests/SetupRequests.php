<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Requests;

use Panelbridge\Standin\Catalogue;
use Panelbridge\Standin\Mailer;
use Panelbridge\Standin\Refused;
use Panelbridge\Standin\Schema;
use Panelbridge\Standin\Shop;
use Panelbridge\Standin\Switches;
use WHMCS\Database\Capsule;

/** Installing and setting up the shop. */
final class SetupRequests
{
    /** The names are WHMCS's own (tblconfiguration); the values suit tests and are told in README.md. */
    private const CONFIGURATION = [
        'SystemURL' => 'https://shop.example.test/',
        'Version' => '9.0.3',
        'CompanyName' => 'Example Shop',
        'Email' => 'admin@shop.example.test',
        'ModuleHooks' => '',
        'ModuleDebugMode' => 'on',
        'AutoSuspension' => 'on',
        'AutoSuspensionDays' => '5',
        'AutoUnsuspend' => 'on',
        'AutoTermination' => 'on',
        'AutoTerminationDays' => '30',
        'AutoCancellationRequests' => 'on',
        'CreateInvoiceDaysBefore' => '14',
        'DailyCronHour' => '9',
        'NoAutoApplyCredit' => 'on',
        'CreditOnDowngrade' => '',
    ];

    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, callable(array<string, mixed>): mixed> */
    public function handlers(): array
    {
        return [
            'install' => fn (array $in): array => $this->install($in),
            'configure' => fn (array $in): array => $this->configure($in),
            'switches' => fn (array $in): array => Switches::POSITIONS,
            'set_clock' => fn (array $in): array => $this->setClock((string) $in['now']),
            'add_product' => fn (array $in): array => ['id' => (new Catalogue($this->shop))->addProduct($in)],
            'save_module_settings' => fn (array $in): array => $this->saveModuleSettings($in),
            'add_server' => fn (array $in): array => ['id' => (new Catalogue($this->shop))->addServer($in)],
            'add_server_group' => fn (array $in): array => ['id' => (new Catalogue($this->shop))
                ->addServerGroup((string) $in['name'], (array) $in['servers'], (bool) ($in['fill'] ?? false))],
            'add_client' => fn (array $in): array => ['id' => (new Catalogue($this->shop))->addClient($in)],
            'add_email_template' => fn (array $in): array => ['id' => Mailer::addTemplate(
                (string) $in['type'],
                (string) $in['name'],
                (string) $in['subject'],
                (string) $in['message'],
                true
            )],
            'rows' => fn (array $in): array => $this->rows($in),
        ];
    }

    /**
     * @param array<string, mixed> $in module_path, configuration, switches, now
     * @return array<string, mixed>
     */
    private function install(array $in): array
    {
        if (Schema::exists()) {
            throw new Refused('this database already holds a shop');
        }
        Schema::create();
        $path = realpath((string) $in['module_path']);
        if ($path === false) {
            throw new Refused('there is no such module folder');
        }
        $this->shop->settings->setOwn('module_path', $path);
        $this->shop->settings->setOwn('encryption_key', bin2hex(random_bytes(32)));
        $currency = ['code' => 'USD', 'prefix' => '$', 'suffix' => ' USD', 'format' => 1, 'rate' => '1.00',
            'default' => 1];
        Capsule::table('tblcurrencies')->insert($currency);
        Capsule::table('tblproductgroups')->insert(['name' => 'Subscriptions', 'slug' => 'subscriptions']);
        Mailer::seedTemplates();
        $this->configure(['configuration' => ($in['configuration'] ?? []) + self::CONFIGURATION] + $in);
        $this->shop->boot();
        return ['module' => $this->shop->module()->name];
    }

    /**
     * @param array<string, mixed> $in configuration (name => value), switches (name => position), now
     * @return array<string, mixed>
     */
    private function configure(array $in): array
    {
        foreach ($in['configuration'] ?? [] as $setting => $value) {
            $this->shop->settings->setConfiguration((string) $setting, (string) $value);
        }
        foreach ($in['switches'] ?? [] as $switch => $position) {
            $this->shop->settings->turn((string) $switch, (string) $position);
        }
        if (isset($in['now'])) {
            $this->shop->clock->set((string) $in['now']);
        }
        return [];
    }

    /** @return array<string, string> */
    private function setClock(string $now): array
    {
        $this->shop->clock->set($now);
        return ['now' => $this->shop->clock->stamp()];
    }

    /**
     * @param array<string, mixed> $in
     * @return array<string, mixed>
     */
    private function saveModuleSettings(array $in): array
    {
        (new Catalogue($this->shop))->saveModuleSettings((int) $in['product_id'], (array) $in['values']);
        return [];
    }

    /**
     * Rows of any table, for tests that look at what a module wrote.
     *
     * @param array<string, mixed> $in table, where
     * @return list<array<string, mixed>>
     */
    private function rows(array $in): array
    {
        $rows = Capsule::table((string) $in['table'])->where((array) ($in['where'] ?? []))->orderBy('id')->get()->all();
        return array_map(static fn (object $row): array => (array) $row, $rows);
    }
}
