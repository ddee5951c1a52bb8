<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

use Panelbridge\Standin\ModuleCommand;
use Panelbridge\Standin\Params;
use Panelbridge\Standin\Refused;
use Panelbridge\Standin\Services;
use Panelbridge\Standin\Shop;
use WHMCS\Service\Service;

/** The client's product details page (WHMCS developer docs, client area output). */
final class ProductDetailsPage
{
    private string $alert = '';

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
        $id = (int) ($post['id'] ?? $query['id'] ?? 0);
        $service = Shop::row('tblhosting', $id);
        if ((int) $service['userid'] !== (int) $_SESSION['uid']) {
            throw new Refused('no such service');
        }
        if (($query['dosinglesignon'] ?? '') === '1') {
            return $this->singleSignOn($id);
        }
        if (($post['modop'] ?? '') === 'custom') {
            $page = $this->customFunction($id, (string) ($post['a'] ?? ''));
            if ($page !== null) {
                return $page;
            }
        }
        if (isset($post['modulechangepassword'])) {
            $this->changePassword($id, $post);
        }
        return Site::html(200, 'Manage Product', $this->alert . $this->overview($id));
    }

    private function overview(int $id): string
    {
        $variables = (new ProductVariables($this->shop))->of($id);
        $service = Service::query()->find($id);
        $this->shop->hooks->run('ClientAreaProductDetails', ['service' => $service]);
        $names = ['serviceid', 'groupname', 'product', 'modulename', 'domain', 'systemStatus', 'username', 'password'];
        $given = array_intersect_key($variables, array_flip($names));
        $variables = $this->shop->hooks->merged('ClientAreaProductDetailsPreModuleTemplate', $given) + $variables;
        $output = (new ModuleOutput($this->shop))->of($id, $variables);
        $standard = $output['replaces'] ? '' : Html::card($variables['product'], Html::table([
            'Status' => Html::text($variables['status']),
            'Registration date' => Html::text($variables['regdate']),
            'Recurring amount' => Html::text($variables['recurringamount']),
            'Billing cycle' => Html::text($variables['billingcycle']),
            'Next due date' => Html::text($variables['nextduedate']),
        ]));
        return $standard . "<div class=\"module-output\">{$output['markup']}</div>" . $this->actions($id);
    }

    private function actions(int $id): string
    {
        $here = "/clientarea.php?action=productdetails&id=$id";
        $markup = '';
        foreach ($this->clientButtons() as $label => $function) {
            $fields = ['id' => $id, 'modop' => 'custom', 'a' => $function];
            $markup .= Html::button((string) $label, $here, $fields, (string) $_SESSION['token']);
        }
        if ($this->shop->module()->has('ServiceSingleSignOn')) {
            $label = (string) ($this->shop->module()->metaData()['ServiceSingleSignOnLabel'] ?? 'Log in');
            $link = Html::text("$here&dosinglesignon=1");
            $markup .= sprintf('<a class="btn" href="%s">%s</a>', $link, Html::text($label));
        }
        $markup = $markup === '' ? '' : Html::card('Actions', $markup);
        if ($this->shop->module()->has('ChangePassword')) {
            $fields = sprintf('<input type="hidden" name="id" value="%d">', $id)
                . '<input type="hidden" name="modulechangepassword" value="true">'
                . Html::field('New password', Html::input('newpw', '', 'password'))
                . Html::field('Confirm', Html::input('confirmpw', '', 'password'));
            $form = Html::form($here, (string) $_SESSION['token'], $fields, 'Save');
            $markup .= Html::card('Change password', $form);
        }
        return $markup;
    }

    /** @return array<string, string> label => function suffix */
    private function clientButtons(): array
    {
        $module = $this->shop->module();
        return $module->has('ClientAreaCustomButtonArray')
            ? (array) $module->call('ClientAreaCustomButtonArray', []) : [];
    }

    /**
     * Only functions the module lists may be run by clients; the shape of ClientAreaAllowedFunctions is not
     * specified, so a switch says which side of the map names the function.
     *
     * @return ?array{status: int, location: string, body: string}
     */
    private function customFunction(int $id, string $function): ?array
    {
        $module = $this->shop->module();
        $more = $module->has('ClientAreaAllowedFunctions')
            ? (array) $module->call('ClientAreaAllowedFunctions', []) : [];
        $keys = $this->shop->settings->says('allowed_functions_shape', 'keys');
        $allowed = [...array_values($this->clientButtons()), ...($keys ? array_keys($more) : array_values($more))];
        if (!in_array($function, $allowed, true)) {
            $this->alert = Html::alert('danger', 'This function is not allowed');
            return null;
        }
        $command = new ModuleCommand($this->shop);
        $answer = $command->run($id, $function);
        if ($command->customPage !== null) {
            $variables = (array) ($command->customPage['vars'] ?? []) + (new ProductVariables($this->shop))->of($id);
            $template = (string) $command->customPage['templatefile'];
            $markup = (new ModuleOutput($this->shop))->template($template . '.tpl', $variables);
            return Site::html(200, 'Manage Product', $markup);
        }
        $done = $answer === 'success';
        $this->alert = Html::alert($done ? 'success' : 'danger', $done ? 'Action completed successfully' : $answer);
        return null;
    }

    /** @return array{status: int, location: string, body: string} */
    private function singleSignOn(int $id): array
    {
        $answer = $this->shop->module()->call('ServiceSingleSignOn', (new Params($this->shop))->ofService($id));
        if (($answer['success'] ?? false) === true) {
            return Site::redirect((string) $answer['redirectTo']);
        }
        $this->alert = Html::alert('danger', (string) ($answer['errorMsg'] ?? 'Single sign-on failed'));
        return Site::html(200, 'Manage Product', $this->alert . $this->overview($id));
    }

    /** @param array<string, mixed> $post */
    private function changePassword(int $id, array $post): void
    {
        if (($post['newpw'] ?? '') === '' || $post['newpw'] !== ($post['confirmpw'] ?? '')) {
            $this->alert = Html::alert('danger', 'The passwords do not match');
            return;
        }
        $answer = (new Services($this->shop))->changePassword($id, (string) $post['newpw'], true);
        $done = $answer === 'success';
        $this->alert = Html::alert($done ? 'success' : 'danger', $done ? 'Password changed' : $answer);
    }
}
