<?php

/** Handlers whose behaviour the shop's configuration sets (names beginning with Fixture). */

declare(strict_types=1);

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Fixturepanel\Panel;

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

function fixturepanel_setting(string $name): string
{
    return (string) Capsule::table('tblconfiguration')->where('setting', $name)->value('value');
}

$notedHooks = ['AfterModuleCreate', 'AfterModuleCreateFailed', 'AfterModuleChangePackageFailed', 'InvoicePaid',
    'InvoicePaidPreEmail', 'OrderPaid', 'InvoiceRefunded', 'ServiceDelete', 'CancellationRequest', 'AfterCronJob',
    'AfterClientMerge', 'DailyCronJob', 'AfterProductUpgrade', 'AfterConfigOptionsUpgrade',
    'AfterShoppingCartCheckout'];
foreach ($notedHooks as $hookName) {
    add_hook($hookName, 1, static function (array $variables) use ($hookName): void {
        unset($variables['params'], $variables['invoice']);
        Panel::note("hook $hookName", $variables);
    });
}

add_hook('PreModuleCreate', 1, static function (array $variables): array {
    $abort = fixturepanel_setting('FixtureAbortCreate') === 'on';
    return $abort ? ['abortcmd' => true] : ['configoption3' => 'set by hook'];
});

add_hook('EmailPreSend', 1, static function (array $variables): array {
    $password = $variables['mergefields']['service_password'] ?? '';
    Panel::note('hook EmailPreSend', ['message' => $variables['messagename'], 'password' => $password]);
    return fixturepanel_setting('FixtureAbortMail') === $variables['messagename']
        ? ['abortsend' => true] : ['fixture_extra' => 'from the hook'];
});

foreach (['ProductUpdate', 'Checkout', 'Upgrade'] as $step) {
    $hookName = "ShoppingCartValidate$step";
    add_hook($hookName, 1, static function (array $variables) use ($hookName): array {
        Panel::note("hook $hookName", $variables + ['cart' => $_SESSION['cart']['products'] ?? []]);
        return fixturepanel_setting('FixtureRefuse') === $hookName ? ['refused by the fixture'] : [];
    });
}

add_hook('AfterModuleCreate', 2, static function (array $variables): void {
    if (fixturepanel_setting('FixtureAcceptsOrder') === 'on') {
        localAPI('AcceptOrder', ['orderid' => $variables['params']['model']->orderid, 'autosetup' => false]);
    }
});
