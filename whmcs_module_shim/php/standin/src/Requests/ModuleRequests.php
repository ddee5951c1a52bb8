<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Requests;

use Panelbridge\Standin\ModuleCommand;
use Panelbridge\Standin\ModuleSettings;
use Panelbridge\Standin\Pages\Site;
use Panelbridge\Standin\Params;
use Panelbridge\Standin\Services;
use Panelbridge\Standin\Shop;
use WHMCS\Database\Capsule;

/** Module functions called one by one: admin buttons, server pages, product settings, raw calls. */
final class ModuleRequests
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /** @return array<string, callable(array<string, mixed>): mixed> */
    public function handlers(): array
    {
        return [
            'module' => fn (array $in): array => $this->command($in),
            'addon_module' => fn (array $in): array => $this->addonCommand($in),
            'call' => fn (array $in): array => ['result' => $this->shop->module()->call(
                (string) $in['function'],
                ...(array_key_exists('params', $in) ? [(array) $in['params']] : [])
            )],
            'service_call' => fn (array $in): array => ['result' => $this->shop->module()->call(
                (string) $in['function'],
                (new Params($this->shop))->ofService((int) $in['service_id'], (array) ($in['extra'] ?? []))
            )],
            'server_call' => fn (array $in): array => ['result' => $this->shop->module()->call(
                (string) $in['function'],
                (new Params($this->shop))->ofServer((int) $in['server_id'])
            )],
            'config_options' => fn (array $in): array => (new ModuleSettings($this->shop))
                ->fields((int) $in['product_id']),
            'params' => fn (array $in): array => (new Params($this->shop))->ofService((int) $in['service_id']),
            'defined' => fn (array $in): array => ['defined' => $this->shop->module()->has((string) $in['function'])],
            'hook_names' => fn (array $in): array => $this->shop->hooks->names(),
            'run_hook' => fn (array $in): array => $this->shop->hooks
                ->run((string) $in['name'], (array) $in['variables']),
            'page' => fn (array $in): array => $this->page($in),
            'metrics' => fn (array $in): array => $this->metrics((int) ($in['server_id'] ?? 0)),
            'sync' => fn (array $in): array => $this->sync((int) $in['server_id']),
        ];
    }

    /**
     * What the pricing page of a product (no server) and the cron ask of a MetricProvider
     * (WHMCS developer docs, usage metrics).
     *
     * @return array{metrics: array<string, string>, usage: array<string, array<string, int|float>>}
     */
    private function metrics(int $serverId): array
    {
        $params = $serverId === 0 ? [] : (new Params($this->shop))->ofServer($serverId);
        $provider = $this->shop->module()->call('MetricProvider', $params);
        $types = [];
        foreach ($provider->metrics() as $metric) {
            $types[$metric->systemName] = $metric->type;
        }
        $usage = [];
        foreach ($serverId === 0 ? [] : $provider->usage() as $tenant => $readings) {
            foreach ($readings as $reading) {
                $usage[$tenant][$reading->systemName] = $reading->usage()->value;
            }
        }
        return ['metrics' => $types, 'usage' => $usage];
    }

    /**
     * An admin's click: lifecycle functions by name, anything else as a custom function.
     *
     * @param array<string, mixed> $in service_id, function, extra, automated
     * @return array<string, mixed>
     */
    private function command(array $in): array
    {
        $id = (int) $in['service_id'];
        $function = (string) $in['function'];
        $extra = (array) ($in['extra'] ?? []);
        $automated = (bool) ($in['automated'] ?? false);
        $result = $function === 'SuspendAccount'
            ? (new Services($this->shop))->suspend($id, (string) ($extra['suspendreason'] ?? ''), $automated)
            : (new ModuleCommand($this->shop))->run($id, $function, $automated, $extra);
        return ['result' => $result];
    }

    /**
     * @param array<string, mixed> $in service_id, function
     * @return array<string, mixed>
     */
    private function addonCommand(array $in): array
    {
        $service = Shop::row('tblhosting', (int) $in['service_id']);
        $id = (int) Capsule::table('tblhostingaddons')->insertGetId([
            'hostingid' => $service['id'], 'userid' => $service['userid'], 'name' => 'Extra', 'status' => 'Pending',
            'addonid' => 1, 'server' => $service['server'],
        ]);
        return ['result' => (new ModuleCommand($this->shop))->runForAddon($id, (string) $in['function'])];
    }

    /**
     * A page without a web server: the token of the session is sent along with a POST.
     *
     * @param array<string, mixed> $in path, query, post (null for GET), client_id or admin
     * @return array<string, mixed> status, location, body
     */
    private function page(array $in): array
    {
        $_SESSION = ['token' => 'standin-token'] + $_SESSION;
        $_SESSION += isset($in['client_id']) ? ['uid' => (int) $in['client_id']] : ['adminid' => 1];
        $post = isset($in['post']) ? (array) $in['post'] + ['token' => 'standin-token'] : null;
        return (new Site($this->shop))->respond((string) $in['path'], (array) ($in['query'] ?? []), $post);
    }

    /**
     * The Sync Accounts screen: a service missing from the list is offered for termination
     * (WHMCS end-user docs, server sync).
     *
     * @return array<string, mixed>
     */
    private function sync(int $serverId): array
    {
        $list = $this->shop->module()->call('ListAccounts', (new Params($this->shop))->ofServer($serverId));
        if (!is_array($list) || ($list['success'] ?? null) !== true) {
            return ['success' => false, 'error' => $list['error'] ?? 'no list'];
        }
        $field = (string) ($this->shop->module()->metaData()['ListAccountsUniqueIdentifierField'] ?? 'username');
        $remote = array_column($list['accounts'], null, 'uniqueIdentifier');
        $known = [];
        $missing = [];
        foreach (Capsule::table('tblhosting')->where('server', $serverId)->get() as $service) {
            $params = (new Params($this->shop))->ofService((int) $service->id);
            $identifier = str_starts_with($field, 'customfield.')
                ? (string) ($params['customfields'][substr($field, 12)] ?? '') : (string) ($params[$field] ?? '');
            $known[] = $identifier;
            if (!isset($remote[$identifier]) && in_array($service->domainstatus, ['Active', 'Suspended'], true)) {
                $missing[] = (int) $service->id;
            }
        }
        $unknown = array_values(array_diff(array_map('strval', array_keys($remote)), $known));
        return ['success' => true, 'accounts' => $list['accounts'], 'offered_for_termination' => $missing,
            'offered_for_import' => $unknown];
    }
}
