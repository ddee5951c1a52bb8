<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

use Panelbridge\Standin\Requests\AdminRequests;
use Panelbridge\Standin\Requests\ClientRequests;
use Panelbridge\Standin\Requests\ModuleRequests;
use Panelbridge\Standin\Requests\SetupRequests;

/** Finds and runs one command; a refusal and an uncaught error are two different answers. */
final class Requests
{
    /** Commands that an admin gives: the session then has adminid, as on WHMCS's admin pages. */
    private const BY_ADMIN = ['accept_order', 'close_order', 'delete_order', 'refund_invoice', 'cancel_invoice',
        'save_service', 'delete_service', 'admin_change_password', 'edit_client', 'merge_clients', 'close_client',
        'retry_queue', 'add_product', 'save_module_settings', 'add_server', 'add_server_group', 'add_client',
        'config_options', 'module', 'addon_module', 'server_call', 'sync'];

    /** Commands that the client of the service gives: the session then has uid. */
    private const BY_CLIENT = ['renew_early', 'upgrade_product', 'upgrade_options', 'request_cancellation',
        'withdraw_cancellation', 'client_change_password'];

    public function __construct(private readonly string $databaseFile)
    {
    }

    /**
     * @param array<string, mixed> $input
     * @return array<string, mixed> ok, result and session or error, captured
     */
    public function serve(string $command, array $input): array
    {
        $shop = Shop::open($this->databaseFile);
        try {
            if ($command !== 'install') {
                $shop->boot();
            }
            $_SESSION = $this->session($command, $input) + (array) ($input['session'] ?? []);
            $result = Json::safe($this->handler($shop, $command)($input));
            $session = Json::safe($_SESSION);
            return ['ok' => true, 'result' => $result, 'session' => $session, 'captured' => $this->captured($shop)];
        } catch (Refused $refused) {
            $error = ['kind' => 'refused', 'message' => $refused->getMessage()];
        } catch (\Throwable $thrown) {
            // What a visitor would see as an "Oops" page, or what would end the cron task.
            $where = basename($thrown->getFile()) . ':' . $thrown->getLine();
            $error = ['kind' => 'uncaught', 'message' => $thrown::class . ': ' . $thrown->getMessage() . " ($where)"];
        }
        return ['ok' => false, 'error' => $error, 'captured' => $this->captured($shop)];
    }

    /** @return array<string, list<mixed>> */
    private function captured(Shop $shop): array
    {
        return $shop->captured->all() + ['switches' => $shop->settings->asked()];
    }

    /**
     * Payments, cron and the API come from nobody's session.
     *
     * @param array<string, mixed> $input
     * @return array<string, int>
     */
    private function session(string $command, array $input): array
    {
        if (in_array($command, self::BY_CLIENT, true)) {
            return ['uid' => (int) Shop::row('tblhosting', (int) $input['service_id'])['userid']];
        }
        $byCron = ($input['automated'] ?? false) === true;
        return in_array($command, self::BY_ADMIN, true) && !$byCron ? ['adminid' => 1] : [];
    }

    /** @return callable(array<string, mixed>): mixed */
    private function handler(Shop $shop, string $command): callable
    {
        $groups = [new SetupRequests($shop), new ClientRequests($shop), new AdminRequests($shop),
            new ModuleRequests($shop)];
        foreach ($groups as $group) {
            $handler = $group->handlers()[$command] ?? null;
            if ($handler !== null) {
                return $handler;
            }
        }
        throw new Refused("there is no command $command");
    }
}
