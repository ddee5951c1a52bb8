<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

use Panelbridge\Standin\ModuleCommand;
use Panelbridge\Standin\Params;
use Panelbridge\Standin\Services;
use Panelbridge\Standin\Shop;

/** The admin's Products/Services page of one service (WHMCS developer docs, admin services tab and buttons). */
final class AdminServicePage
{
    private const BUTTONS = ['create' => 'CreateAccount', 'suspend' => 'SuspendAccount', 'unsuspend' => 'UnsuspendAccount',
        'terminate' => 'TerminateAccount', 'renew' => 'Renew', 'changepackage' => 'ChangePackage'];

    /** form field => name in Services::update */
    private const FIELDS = ['username' => 'serviceusername', 'domain' => 'domain', 'domainstatus' => 'status',
        'nextduedate' => 'nextduedate', 'billingcycle' => 'billingcycle', 'amount' => 'recurringamount', 'notes' => 'notes'];

    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array<string, mixed> $query
     * @param ?array<string, mixed> $post
     * @return array{status: int, location: string, body: string}
     */
    public function respond(array $query, ?array $post): array
    {
        $id = (int) ($query['id'] ?? $post['id'] ?? 0);
        $service = Shop::row('tblhosting', $id);
        $alert = $post === null ? '' : $this->act($id, $service, $post);
        $body = $alert . $this->buttons($id) . $this->form($id, Shop::row('tblhosting', $id));
        return Site::html(200, "Service $id", $body, 'admin');
    }

    /**
     * @param array<string, mixed> $service
     * @param array<string, mixed> $post
     */
    private function act(int $id, array $service, array $post): string
    {
        $operation = (string) ($post['modop'] ?? '');
        if ($operation === '') {
            $changes = [];
            foreach (self::FIELDS as $field => $name) {
                if (isset($post[$field]) && Html::text($post[$field]) !== Html::text($service[$field])) {
                    $changes[$name] = $post[$field];
                }
            }
            (new Services($this->shop))->adminSave($id, $changes, $post);
            return Html::alert('success', 'Changes saved');
        }
        $answer = match ($operation) {
            'custom' => (new ModuleCommand($this->shop))->run($id, (string) ($post['ac'] ?? '')),
            'changepw' => (new Services($this->shop))->changePassword($id, (string) ($post['newpw'] ?? ''), false),
            'suspend' => (new Services($this->shop))->suspend($id, (string) ($post['suspreason'] ?? ''), false),
            default => (new ModuleCommand($this->shop))->run($id, self::BUTTONS[$operation] ?? $operation),
        };
        return $answer === 'success'
            ? Html::alert('success', 'Module command success') : Html::alert('danger', "Module command error: $answer");
    }

    private function buttons(int $id): string
    {
        $module = $this->shop->module();
        $here = "/admin/clientsservices.php?id=$id";
        $token = (string) $_SESSION['token'];
        $markup = '';
        foreach (self::BUTTONS as $operation => $function) {
            if ($module->has($function)) {
                $markup .= Html::button(ucfirst($operation), $here, ['modop' => $operation], $token);
            }
        }
        $params = (new Params($this->shop))->ofService($id);
        $custom = $module->has('AdminCustomButtonArray') ? (array) $module->call('AdminCustomButtonArray', $params) : [];
        foreach ($custom as $label => $function) {
            $markup .= Html::button((string) $label, $here, ['modop' => 'custom', 'ac' => (string) $function], $token);
        }
        $markup .= $module->has('LoginLink') ? (string) $module->call('LoginLink', $params) : '';
        return Html::card('Module commands', $markup);
    }

    /** @param array<string, mixed> $service */
    private function form(int $id, array $service): string
    {
        $cells = ['Product' => Html::text(Shop::row('tblproducts', (int) $service['packageid'])['name']),
            'Suspension reason' => Html::text($service['suspendreason'])];
        foreach (array_keys(self::FIELDS) as $field) {
            $cells[ucfirst($field)] = Html::input($field, $service[$field]);
        }
        // The module escapes its own markup (WHMCS developer docs, admin services tab fields).
        $module = $this->shop->module();
        if ($module->has('AdminServicesTabFields')) {
            $cells += (array) $module->call('AdminServicesTabFields', (new Params($this->shop))->ofService($id));
        }
        $cells += $this->shop->hooks->merged('AdminClientServicesTabFields', ['id' => $id]);
        return Html::card('Details', sprintf(
            '<form method="post" action="/admin/clientsservices.php?id=%d"><input type="hidden" name="token" value="%s">'
            . '<input type="hidden" name="userid" value="%d">%s<button class="btn btn-primary">Save Changes</button></form>',
            $id,
            Html::text($_SESSION['token']),
            $service['userid'],
            Html::table($cells)
        ));
    }
}
