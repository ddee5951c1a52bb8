<?php

/** A server module whose behaviour is set by its product's settings: only for testing the billing stand-in. */

declare(strict_types=1);

use WHMCS\Module\Server\Fixturepanel\Panel;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

function fixturepanel_MetaData(): array
{
    return [
        'DisplayName' => 'Fixture panel', 'APIVersion' => '1.1', 'RequiresServer' => true,
        'DefaultNonSSLPort' => '8080', 'DefaultSSLPort' => '8443', 'ListAccountsUniqueIdentifierField' => 'username',
    ];
}

function fixturepanel_ConfigOptions(array $params = []): array
{
    return [
        'Behaviour' => ['Type' => 'dropdown', 'Options' => 'ok,fail,throw,null,print', 'SimpleMode' => true],
        'Function' => ['Type' => 'text', 'SimpleMode' => true, 'Description' => $params === [] ? 'bare' : 'told'],
        'Plan' => ['Type' => 'text', 'SimpleMode' => true, 'Loader' => 'fixturepanel_PlanLoader'],
    ];
}

function fixturepanel_PlanLoader(array $params): array
{
    if (($params['configoption1'] ?? '') === 'fail') {
        throw new Exception('The panel gave no plans');
    }
    return ['p1' => 'Plan one', 'p2' => 'Plan two'];
}

function fixturepanel_CreateAccount(array $params): mixed
{
    $answer = Panel::act('CreateAccount', $params);
    if ($answer === 'success' && isset($params['model'])) {
        $params['model']->serviceProperties->save([
            'Username' => 'line' . $params['serviceid'], 'Password' => 'made&by"panel', 'Line ID' => '77',
        ]);
    }
    return $answer;
}

function fixturepanel_SuspendAccount(array $params): mixed
{
    return Panel::act('SuspendAccount', $params);
}

function fixturepanel_UnsuspendAccount(array $params): mixed
{
    return Panel::act('UnsuspendAccount', $params);
}

function fixturepanel_TerminateAccount(array $params): mixed
{
    return Panel::act('TerminateAccount', $params);
}

function fixturepanel_Renew(array $params): mixed
{
    return Panel::act('Renew', $params);
}

function fixturepanel_ChangePassword(array $params): mixed
{
    return Panel::act('ChangePassword', $params);
}

function fixturepanel_ChangePackage(array $params): mixed
{
    return Panel::act('ChangePackage', $params);
}

function fixturepanel_Refresh(array $params): mixed
{
    return Panel::act('Refresh', $params);
}

function fixturepanel_UsageUpdate(array $params): void
{
    Panel::act('UsageUpdate', $params);
}

function fixturepanel_TestConnection(array $params): array
{
    return ['success' => ($params['serverpassword'] ?? '') === 'server-key', 'error' => ''];
}

function fixturepanel_ListAccounts(array $params): array
{
    return ['success' => true, 'accounts' => [['uniqueIdentifier' => 'stranger', 'username' => 'stranger']]];
}

function fixturepanel_AdminCustomButtonArray(): array
{
    return ['Refresh' => 'Refresh'];
}

function fixturepanel_ClientAreaCustomButtonArray(): array
{
    return ['Refresh' => 'Refresh'];
}

function fixturepanel_ClientAreaAllowedFunctions(): array
{
    return ['Hidden' => 'Hidden one'];
}

function fixturepanel_Hidden(array $params): mixed
{
    return Panel::act('Hidden', $params);
}

function fixturepanel_AdminServicesTabFields(array $params): array
{
    return ['Note' => '<input type="text" name="fixture_note" value="seen">'];
}

function fixturepanel_AdminServicesTabFieldsSave(array $params): void
{
    Panel::act('AdminServicesTabFieldsSave', ['posted' => $_POST['fixture_note'] ?? ''] + $params);
}

function fixturepanel_ServiceSingleSignOn(array $params): array
{
    return ['success' => true, 'redirectTo' => 'https://panel.example.test/sso'];
}

function fixturepanel_ClientArea(array $params): array
{
    return [
        'tabOverviewModuleOutputTemplate' => 'templates/overview.tpl',
        'templateVariables' => ['line' => $params['username'] . ' <b>'],
    ];
}
