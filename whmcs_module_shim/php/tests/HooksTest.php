<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** The listeners: their names, their silence at load, and that none of them ever takes a page down. */
final class HooksTest extends ModuleTestCase
{
    private const NAMES = [
        'AfterClientMerge', 'AfterCronJob', 'AfterModuleChangePackageFailed', 'CancellationRequest', 'EmailPreSend',
        'EmailTplMergeFields', 'InvoicePaidPreEmail', 'InvoiceRefunded', 'ProductEdit', 'ServiceDelete',
        'ShoppingCartValidateCheckout', 'ShoppingCartValidateProductUpdate', 'ShoppingCartValidateUpgrade',
    ];

    public function testLoadingRegistersTheListenersAndDoesNothingElse(): void
    {
        Captured::$hooks = [];
        Capsule::connection()->enableQueryLog();
        require MODULE_FOLDER . '/hooks.php';
        $names = array_keys(Captured::$hooks);
        sort($names);
        self::assertSame(self::NAMES, $names);
        self::assertSame([], Capsule::connection()->getQueryLog());
        self::assertSame([], $this->bridge->requests);
    }

    /** @dataProvider names */
    public function testNoListenerThrowsWhateverItGets(string $name): void
    {
        $odd = [
            [],
            ['relid' => 501, 'serviceid' => 501, 'invoiceid' => 77, 'id' => 501, 'pid' => 7, 'i' => 0],
            ['relid' => 'x', 'serviceid' => [], 'invoiceid' => null, 'id' => new \stdClass(), 'params' => 'y'],
        ];
        $_SESSION['cart'] = ['products' => [['pid' => 7, 'billingcycle' => 'monthly'], 'odd', ['pid' => []]]];
        foreach ([FakeBridge::success(), TransportError::unreachable('refused')] as $answer) {
            $this->bridge->answer('*', $answer);
            foreach ($odd as $variables) {
                $this->hook($name, $variables);
            }
        }
        Capsule::schema()->drop('tblhosting');
        Capsule::schema()->drop('tblproducts');
        $result = $this->hook($name, $odd[1]);
        self::assertTrue($result === null || is_array($result));
        self::assertNotContains('AcceptOrder', array_column(Captured::$localCalls, 'action'));
    }

    public static function names(): iterable
    {
        foreach (self::NAMES as $name) {
            yield $name => [$name];
        }
    }

    public function testAnotherModulesServicesAreIgnored(): void
    {
        $this->shop->paidInvoice(77, 991, 502);
        $this->hook('ServiceDelete', ['serviceid' => 502]);
        $this->hook('CancellationRequest', ['relid' => 502, 'type' => 'Immediate', 'reason' => '', 'userid' => 42]);
        $this->hook('InvoiceRefunded', ['invoiceid' => 77]);
        $this->hook('EmailPreSend', ['messagename' => 'Panel Welcome', 'relid' => 502, 'mergefields' => []]);
        $this->hook('ShoppingCartValidateUpgrade', ['id' => 502, 'pid' => 7]);
        $this->hook('AfterModuleChangePackageFailed', [
            'params' => ['moduletype' => 'cpanel', 'serviceid' => 502], 'failureResponseMessage' => 'x',
        ]);
        $_SESSION['cart'] = ['products' => [['pid' => 8, 'billingcycle' => 'monthly']]];
        $this->hook('ShoppingCartValidateCheckout', []);
        self::assertSame([], $this->bridge->requests);
        self::assertSame([], Captured::$localCalls);
    }

    public function testTheBridgeIsToldOfARefundADeletionAndAMerge(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        $this->hook('InvoiceRefunded', ['invoiceid' => 77]);
        self::assertSame([77, [501]], [
            $this->bridge->body('InvoiceRefunded')['invoice_id'], $this->bridge->body('InvoiceRefunded')['services'],
        ]);
        $this->hook('ServiceDelete', ['serviceid' => 501, 'userid' => 42]);
        self::assertSame(501, $this->bridge->body('ServiceDeleted')['serviceid']);
        Capsule::table('tblhosting')->delete();
        $this->hook('ServiceDelete', ['serviceid' => 777, 'userid' => 42]);
        self::assertSame(777, $this->bridge->body('ServiceDeleted')['serviceid']);
        $this->hook('AfterClientMerge', ['toUserID' => 5, 'fromUserID' => 42]);
        $merged = $this->bridge->body('ClientMerged');
        self::assertSame([42, 5], [$merged['from_userid'], $merged['to_userid']]);
    }

    public function testAFailedPaidUpgradeIsShownToStaff(): void
    {
        $failed = ['params' => $this->shop->params(), 'failureResponseMessage' => 'Package change failed: no plan.'];
        $this->hook('AfterModuleChangePackageFailed', $failed);
        $mail = Captured::$localCalls[0];
        self::assertSame('SendAdminEmail', $mail['action']);
        self::assertStringContainsString('Service 501', $mail['custommessage']);
        self::assertStringContainsString('no plan', $mail['custommessage']);
    }

    public function testAPendingUpgradeIsNoFailure(): void
    {
        $this->bridge->answer('ChangePackage', FakeBridge::pending());
        $told = $this->call('ChangePackage', $this->shop->params());
        $failed = ['params' => $this->shop->params(), 'failureResponseMessage' => $told];
        $this->hook('AfterModuleChangePackageFailed', $failed);
        self::assertSame([], Captured::$localCalls);
    }

    public function testEverythingThatWouldFailTheOrdersOfAProductIsShownWhenItIsSaved(): void
    {
        $this->bridge->answer('CheckProducts', FakeBridge::withData(['checks' => [
            ['name' => 'product 7', 'ok' => false, 'message' => 'Plan gold does not sell Annually.',
                'remedy' => 'Disable it.'],
            ['name' => 'product 7', 'ok' => false, 'message' => 'This panel needs the domain of an order',
                'remedy' => 'Tick Require Domain.'],
            ['name' => 'product 7', 'ok' => true, 'message' => 'in order', 'remedy' => ''],
        ]]));
        $this->hook('ProductEdit', ['pid' => 7, 'servertype' => 'panelbridge']);
        $told = implode("\n", Captured::$activity);
        foreach (['TV Gold', 'Plan gold does not sell Annually. Disable it.', 'Tick Require Domain.'] as $text) {
            self::assertStringContainsString($text, $told);
        }
        self::assertStringNotContainsString('in order', $told);
        self::assertSame(['Monthly', 'Annually'], $this->bridge->body('CheckProducts')['products'][0]['cycles']);
    }

    public function testAProductWithProrataBillingIsShownWhenItIsSaved(): void
    {
        $this->shop->change('tblproducts', 7, ['proratabilling' => 1, 'configoption1' => '']);
        $this->hook('ProductEdit', ['pid' => 7, 'servertype' => 'panelbridge']);
        self::assertStringContainsString('Untick Prorata Billing', implode("\n", Captured::$activity));
    }

    public function testMergeFieldsAreOfferedForProductMailsOnly(): void
    {
        $offered = array_keys($this->hook('EmailTplMergeFields', ['type' => 'product']));
        self::assertSame([
            'panelbridge_username', 'panelbridge_password', 'panelbridge_expires', 'panelbridge_connect',
        ], $offered);
        self::assertSame([], $this->hook('EmailTplMergeFields', ['type' => 'invoice']));
    }
}
