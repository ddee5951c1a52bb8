<?php

/**
 * Panelbridge: provisioning of panel accounts through a bridge, for WHMCS 8.13 and 9.0.
 *
 * The functions WHMCS calls. Each hands over to a class in lib/; loading this file does nothing else.
 */

declare(strict_types=1);

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

require_once __DIR__ . '/lib/autoload.php';

use WHMCS\Module\Server\Panelbridge\AccountList;
use WHMCS\Module\Server\Panelbridge\AdminButtons;
use WHMCS\Module\Server\Panelbridge\ClientPage;
use WHMCS\Module\Server\Panelbridge\ConnectionTest;
use WHMCS\Module\Server\Panelbridge\Metrics;
use WHMCS\Module\Server\Panelbridge\ModuleFunctions;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\ProductSettings;
use WHMCS\Module\Server\Panelbridge\SignOn;
use WHMCS\Module\Server\Panelbridge\UsageUpdate;

function panelbridge_MetaData(): array
{
    return ModuleFunctions::metaData();
}

function panelbridge_ConfigOptions(array $params = []): array
{
    return ProductSettings::fields();
}

function panelbridge_PlanLoader(array $params = []): array
{
    return ProductSettings::plans(Params::of($params));
}

function panelbridge_CreateAccount(array $params): string
{
    return ModuleFunctions::lifecycle('CreateAccount', $params);
}

function panelbridge_SuspendAccount(array $params): string
{
    return ModuleFunctions::lifecycle('SuspendAccount', $params);
}

function panelbridge_UnsuspendAccount(array $params): string
{
    return ModuleFunctions::lifecycle('UnsuspendAccount', $params);
}

function panelbridge_TerminateAccount(array $params): string
{
    return ModuleFunctions::lifecycle('TerminateAccount', $params);
}

function panelbridge_Renew(array $params): string
{
    return ModuleFunctions::lifecycle('Renew', $params);
}

function panelbridge_ChangePassword(array $params): string
{
    return ModuleFunctions::lifecycle('ChangePassword', $params);
}

function panelbridge_ChangePackage(array $params): string
{
    return ModuleFunctions::lifecycle('ChangePackage', $params);
}

function panelbridge_TestConnection(array $params): array
{
    return ConnectionTest::run(Params::of($params));
}

function panelbridge_ListAccounts(array $params): array
{
    return AccountList::of(Params::of($params));
}

function panelbridge_ServiceSingleSignOn(array $params): array
{
    return SignOn::service(Params::of($params));
}

function panelbridge_AdminSingleSignOn(array $params): array
{
    return SignOn::admin(Params::of($params));
}

function panelbridge_AdminLink(array $params): string
{
    return SignOn::links(Params::of($params));
}

function panelbridge_UsageUpdate(array $params): ?string
{
    return UsageUpdate::run(Params::of($params));
}

/** Called for the pricing of a product as well, where there is no server. */
function panelbridge_MetricProvider(array $params = []): Metrics
{
    return new Metrics($params);
}

function panelbridge_ClientArea(array $params): array
{
    return ClientPage::of(Params::of($params));
}

/** The shape is documented nowhere; with both key and value the suffix, either reading finds it. */
function panelbridge_ClientAreaAllowedFunctions(): array
{
    return ['ClientReset' => 'ClientReset'];
}

function panelbridge_ClientReset(array $params): string
{
    return ModuleFunctions::button('ClientReset', $params);
}

function panelbridge_AdminCustomButtonArray(array $params = []): array
{
    return AdminButtons::labels($params);
}

function panelbridge_Refresh(array $params): string
{
    return ModuleFunctions::button('Refresh', $params);
}

function panelbridge_ResetCredentials(array $params): string
{
    return ModuleFunctions::button('ResetCredentials', $params);
}

function panelbridge_EmailCredentials(array $params): string
{
    return ModuleFunctions::button('EmailCredentials', $params);
}

function panelbridge_Retry(array $params): string
{
    return ModuleFunctions::button('Retry', $params);
}

function panelbridge_Adopt(array $params): string
{
    return ModuleFunctions::button('Adopt', $params);
}

function panelbridge_AdminServicesTabFields(array $params): array
{
    return ModuleFunctions::adminTab($params);
}

function panelbridge_AdminServicesTabFieldsSave(array $params): void
{
    ModuleFunctions::adminTabSaved($params);
}
