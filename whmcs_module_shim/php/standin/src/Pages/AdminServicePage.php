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
    /** posted word => module function, label */
    private const BUTTONS = [
        'create' => ['CreateAccount', 'Create'],
        'unsuspend' => ['UnsuspendAccount', 'Unsuspend'],
        'terminate' => ['TerminateAccount', 'Terminate'],
        'renew' => ['Renew', 'Renew'],
        'changepackage' => ['ChangePackage', 'Change Package'],
    ];

    /** posted word => module function, label, field that is typed */
    private const FORMS = [
        'suspend' => ['SuspendAccount', 'Suspend', 'suspreason'],
        'changepw' => ['ChangePassword', 'Change Password', 'newpw'],
    ];

    /** form field => name in Services::update, label */
    private const FIELDS = [
        'username' => ['serviceusername', 'Username'],
        'domain' => ['domain', 'Domain'],
        'domainstatus' => ['status', 'Status'],
        'nextduedate' => ['nextduedate', 'Next Due Date'],
        'billingcycle' => ['billingcycle', 'Billing Cycle'],
        'amount' => ['recurringamount', 'Recurring Amount'],
        'notes' => ['notes', 'Admin Notes'],
    ];

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
            foreach (self::FIELDS as $field => [$name]) {
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
            default => (new ModuleCommand($this->shop))->run($id, self::BUTTONS[$operation][0] ?? $operation),
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
        foreach (self::BUTTONS as $operation => [$function, $label]) {
            if ($module->has($function)) {
                $markup .= Html::button($label, $here, ['modop' => $operation], $token);
            }
        }
        $params = (new Params($this->shop))->ofService($id);
        $custom = $module->has('AdminCustomButtonArray')
            ? (array) $module->call('AdminCustomButtonArray', $params) : [];
        foreach ($custom as $label => $function) {
            $markup .= Html::button((string) $label, $here, ['modop' => 'custom', 'ac' => (string) $function], $token);
        }
        foreach (self::FORMS as $operation => [$function, $label, $field]) {
            if ($module->has($function)) {
                $hidden = sprintf('<input type="hidden" name="modop" value="%s">', $operation);
                $markup .= Html::form($here, $token, $hidden . Html::input($field, ''), $label);
            }
        }
        $markup .= $module->has('LoginLink') ? (string) $module->call('LoginLink', $params) : '';
        return Html::card('Module commands', $markup);
    }

    /** @param array<string, mixed> $service */
    private function form(int $id, array $service): string
    {
        $cells = ['Product' => Html::text(Shop::row('tblproducts', (int) $service['packageid'])['name']),
            'Suspension reason' => Html::text($service['suspendreason'])];
        foreach (self::FIELDS as $field => [, $label]) {
            $cells[$label] = Html::input($field, $service[$field]);
        }
        // The module escapes its own markup (WHMCS developer docs, admin services tab fields).
        $module = $this->shop->module();
        if ($module->has('AdminServicesTabFields')) {
            $cells += (array) $module->call('AdminServicesTabFields', (new Params($this->shop))->ofService($id));
        }
        $cells += $this->shop->hooks->merged('AdminClientServicesTabFields', ['id' => $id]);
        $fields = sprintf('<input type="hidden" name="userid" value="%d">', $service['userid']) . Html::table($cells);
        $here = "/admin/clientsservices.php?id=$id";
        return Html::card('Details', Html::form($here, (string) $_SESSION['token'], $fields, 'Save Changes'));
    }
}
