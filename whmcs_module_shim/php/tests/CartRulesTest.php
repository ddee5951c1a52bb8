<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** What may not be sold is refused at the cart; a silent bridge refuses nothing. */
final class CartRulesTest extends ModuleTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->cart();
        $this->bridge->answer('CheckCheckout', FakeBridge::withData(['refusals' => []]));
        $this->bridge->answer('CheckUpgrade', FakeBridge::withData(['refusals' => []]));
    }

    public function testWhatTheCartHoldsIsSent(): void
    {
        $this->cart(['customfields' => [21 => 'ana.m', 22 => '00:1a:79:ca:fe:01'], 'configoptions' => [31 => 3]]);
        self::assertSame([], $this->hook('ShoppingCartValidateCheckout', ['clientId' => 42]));
        self::assertEquals([[
            'pid' => 7, 'plan' => 'gold', 'cycle' => 'Semi-Annually', 'qty' => 1, 'connections' => '3',
            'username' => 'ana.m', 'mac' => '00:1a:79:ca:fe:01', 'domain' => '',
        ]], $this->bridge->body('CheckCheckout')['items']);
        self::assertSame('ana@example.test', $this->bridge->body('CheckCheckout')['email'] ?? null);
    }

    public function testADomainIsSentAtCheckoutAndWhileConfiguring(): void
    {
        $this->cart(['domain' => 'customer.example']);
        $this->hook('ShoppingCartValidateCheckout', []);
        self::assertSame('customer.example', $this->bridge->body('CheckCheckout')['items'][0]['domain'] ?? null);
        $this->hook('ShoppingCartValidateProductUpdate', ['i' => 0]);
        self::assertSame('customer.example', $this->bridge->body('CheckCheckout')['items'][0]['domain'] ?? null);
    }

    /** @dataProvider counts */
    public function testConnectionsThatAreNoNumberReachTheBridgeAsTheyAre(string $choice, string $sent): void
    {
        $this->shop->change('tblproductconfigoptions', 31, ['optiontype' => 1]);
        $this->shop->add('tblproductconfigoptionssub', ['id' => 91, 'configid' => 31, 'optionname' => $choice]);
        $this->cart(['configoptions' => [31 => 91]]);
        $this->hook('ShoppingCartValidateCheckout', []);
        self::assertSame($sent, (string) ($this->bridge->body('CheckCheckout')['items'][0]['connections'] ?? ''));
        // The order that follows says the same.
        $this->bridge->answer('CreateAccount', FakeBridge::success());
        $this->call('CreateAccount', $this->shop->params(['configoptions' => ['Connections' => $choice]]));
        self::assertSame($sent, $this->bridge->body('CreateAccount')['configoptions']['Connections']);
    }

    public static function counts(): iterable
    {
        yield ['abc', 'abc'];
        yield ['3.5', '3.5'];
        yield ['1,5 streams', '1,5 streams'];
        yield ['2 connections', '2'];
    }

    public function testEverythingThatIsWrongIsNamedAtOnce(): void
    {
        $this->bridge->answer('CheckCheckout', FakeBridge::withData(['refusals' => ['Please enter a domain.']]));
        $this->cart(['customfields' => [21 => 'a b', 22 => 'x']]);
        $refusals = $this->hook('ShoppingCartValidateCheckout', []);
        self::assertCount(3, $refusals);
        self::assertContains('Please enter a domain.', $refusals);
        $line = $this->bridge->body('CheckCheckout')['items'][0];
        self::assertArrayNotHasKey('username', $line, 'what is refused here is not refused a second time');
    }

    public function testProrataBillingIsRefusedByName(): void
    {
        $this->shop->change('tblproducts', 7, ['proratabilling' => 1]);
        foreach (['ShoppingCartValidateCheckout', 'ShoppingCartValidateProductUpdate'] as $hook) {
            $told = implode(' ', $this->hook($hook, ['i' => 0]));
            self::assertStringContainsString('prorata billing', $told, $hook);
        }
        self::assertStringContainsString('Untick Prorata Billing', implode(' ', Captured::$activity));
    }

    public function testStaffAreToldOnceOfWhatOnlyTheyCanMend(): void
    {
        $data = ['refusals' => ['Please contact us.'], 'staff' => ['There is no plan gold. Choose one.']];
        $this->bridge->answer('CheckCheckout', FakeBridge::withData($data));
        self::assertSame(['Please contact us.'], $this->hook('ShoppingCartValidateCheckout', []));
        $this->hook('ShoppingCartValidateCheckout', []);
        $told = preg_grep('/There is no plan gold/', Captured::$activity);
        self::assertCount(1, $told);
    }

    public function testARefusalOfTheBridgeRefusesTheOrder(): void
    {
        $this->bridge->answer('CheckCheckout', FakeBridge::withData(['refusals' => ['Not available just now.']]));
        self::assertSame(['Not available just now.'], $this->hook('ShoppingCartValidateCheckout', []));
    }

    /** @dataProvider silences */
    public function testWithoutAProperAnswerTheOrderGoesThrough(mixed $answer): void
    {
        $this->bridge->answer('*', $answer)->answer('CheckCheckout', $answer)->answer('CheckUpgrade', $answer);
        self::assertSame([], $this->hook('ShoppingCartValidateCheckout', []));
        self::assertSame([], $this->hook('ShoppingCartValidateProductUpdate', ['i' => 0]));
        self::assertSame([], $this->hook('ShoppingCartValidateUpgrade', ['id' => 501, 'pid' => 7]));
    }

    public static function silences(): iterable
    {
        yield [TransportError::unreachable('refused')];
        yield [TransportError::unanswered('timed out')];
        yield [FakeBridge::problem(500, 'internal', 'Broken.')];
        yield [FakeBridge::problem(401, 'unauthorized', 'Unknown key.')];
        yield [FakeBridge::reply(200, ['oops' => 1])];
        yield [FakeBridge::pending()];
    }

    /** @dataProvider fields */
    public function testFieldsAreCheckedWhenTheProductIsConfigured(array $typed, int $refusals): void
    {
        $this->bridge->answer('*', TransportError::unreachable('refused'));
        $form = ['i' => '0', 'billingcycle' => 'monthly', 'customfield' => $typed];
        self::assertCount($refusals, $this->hook('ShoppingCartValidateProductUpdate', $form));
    }

    public static function fields(): iterable
    {
        yield 'none' => [[], 0];
        yield 'good' => [[21 => 'ana-1', 22 => '00:1A:79:12:34:56'], 0];
        yield 'dashes' => [[22 => '00-1A-79-12-34-56'], 0];
        yield 'no MAC' => [[22 => '00:1A:79'], 1];
        yield 'not hexadecimal' => [[22 => '00:1A:79:12:34:5Z'], 1];
        yield 'markup' => [[21 => 'ana&lt;script&gt;'], 1];
        yield 'both' => [[21 => 'a b', 22 => 'x'], 2];
    }

    public function testSeparateServicesAreAskedOneByOneAndOneServiceWithAQuantityIsRefused(): void
    {
        $this->shop->change('tblproducts', 7, ['allowqty' => 1]);
        $this->cart(['qty' => 3]);
        self::assertSame([], $this->hook('ShoppingCartValidateCheckout', []));
        self::assertCount(3, $this->bridge->body('CheckCheckout')['items']);
        $this->shop->change('tblproducts', 7, ['allowqty' => 3]);
        self::assertCount(1, $this->hook('ShoppingCartValidateCheckout', []));
    }

    public function testAnUpgradeIsCheckedWithThePlanAndCycleItLeadsTo(): void
    {
        $this->shop->add('tblproducts', ['id' => 9, 'servertype' => 'panelbridge', 'servergroup' => 1,
            'configoption1' => 'platinum', 'paytype' => 'recurring']);
        $_POST = ['billingcycle' => 'annually'];
        $this->bridge->answer('CheckUpgrade', FakeBridge::withData(['refusals' => ['That plan is on another panel.']]));
        $refusals = $this->hook('ShoppingCartValidateUpgrade', ['id' => 501, 'pid' => 9]);
        self::assertSame(['That plan is on another panel.'], $refusals);
        $body = $this->bridge->body('CheckUpgrade');
        self::assertSame([501, 'gold', 'platinum', 'Annually'], [
            $body['serviceid'], $body['configoption1'], $body['new_plan'], $body['new_cycle'],
        ]);
    }

    private function cart(array $over = []): void
    {
        $line = $over + ['pid' => 7, 'billingcycle' => 'semiannually', 'configoptions' => [], 'customfields' => []];
        $_SESSION['cart'] = ['products' => [$line, ['pid' => 8, 'billingcycle' => 'monthly']]];
    }
}
