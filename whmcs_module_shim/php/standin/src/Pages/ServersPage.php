<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

use Panelbridge\Standin\Params;
use Panelbridge\Standin\Shop;
use WHMCS\Database\Capsule;

/** The server list with Test Connection and the server's single sign-on (WHMCS developer docs). */
final class ServersPage
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param ?array<string, mixed> $post id, action
     * @return array{status: int, location: string, body: string}
     */
    public function respond(?array $post): array
    {
        $module = $this->shop->module();
        $alert = '';
        if (($post['action'] ?? '') === 'testconnection') {
            $answer = $module->call('TestConnection', (new Params($this->shop))->ofServer((int) $post['id']));
            $alert = ($answer['success'] ?? false) === true
                ? Html::alert('success', 'Connection successful. Some values have been auto-filled.')
                : Html::alert('danger', 'Connection failed: ' . ($answer['error'] ?? ''));
        }
        if (($post['action'] ?? '') === 'singlesignon') {
            $answer = $module->call('AdminSingleSignOn', (new Params($this->shop))->ofServer((int) $post['id']));
            if (($answer['success'] ?? false) === true) {
                return Site::redirect((string) $answer['redirectTo']);
            }
            $alert = Html::alert('danger', (string) ($answer['errorMsg'] ?? ''));
        }
        $markup = '';
        foreach (Capsule::table('tblservers')->get() as $server) {
            $params = (new Params($this->shop))->ofServer((int) $server->id);
            $buttons = '';
            foreach (['TestConnection' => 'Test Connection', 'AdminSingleSignOn' => 'Log in'] as $function => $label) {
                if ($module->has($function)) {
                    $fields = ['id' => $server->id, 'action' => strtolower(str_replace('Admin', '', $function))];
                    $buttons .= Html::button($label, '/admin/configservers.php', $fields, (string) $_SESSION['token']);
                }
            }
            $buttons .= $module->has('AdminLink') ? (string) $module->call('AdminLink', $params) : '';
            $facts = Html::table(['Hostname' => Html::text($server->hostname)]);
            $markup .= Html::card((string) $server->name, $facts . $buttons);
        }
        return Site::html(200, 'Servers', $alert . $markup, 'admin');
    }
}
