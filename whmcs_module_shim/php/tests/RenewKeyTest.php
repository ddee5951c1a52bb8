<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\PaidItems;
use WHMCS\Module\Server\Panelbridge\Wire\Reply;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;
use WHMCS\Module\Server\Panelbridge\Wiring;

/** A renewal's key is the paid invoice item; only a person's click without one makes a token. */
final class RenewKeyTest extends ModuleTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        // The first call of all: what is paid from here on is ours.
        $this->call('Refresh', $this->shop->params());
    }

    public function testTheItemOfTheInvoiceBeingPaidInThisRequest(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        $this->hook('InvoicePaidPreEmail', ['invoiceid' => 77]);
        self::assertSame(['id' => 991, 'invoice_id' => 77, 'first' => false], $this->renewed()['invoice_item']);
        self::assertSame(['id' => 991, 'invoice_id' => 77, 'first' => false], $this->renewed()['invoice_item']);
    }

    public function testTheOrdersFirstInvoiceIsCalledFirst(): void
    {
        $this->shop->paidInvoice(70, 900, 501);
        self::assertTrue($this->renewed()['invoice_item']['first']);
    }

    public function testWithoutTheHookTheLatestPaidItemIsFoundInTheTables(): void
    {
        $this->shop->paidInvoice(77, 991, 501, '2026-12-01 10:00:00');
        $this->shop->paidInvoice(76, 995, 501, '2026-11-01 10:00:00');
        $this->shop->paidInvoice(78, 999, 502, '2026-12-02 10:00:00');
        $this->shop->add('tblinvoices', ['id' => 79, 'status' => 'Unpaid', 'datepaid' => '0000-00-00 00:00:00']);
        $this->shop->add('tblinvoiceitems', ['invoiceid' => 79, 'type' => 'Hosting', 'relid' => 501]);
        self::assertSame(991, $this->renewed()['invoice_item']['id']);
    }

    public function testAnAutomaticRenewThatRunsTwiceKeepsTheKey(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        self::assertSame(991, $this->renewed()['invoice_item']['id']);
        PaidItems::forgetAll();
        self::assertSame(991, $this->renewed()['invoice_item']['id']);
    }

    public function testAnAdminsClickAfterThatMeansOneMorePeriod(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        $this->asAdmin();
        self::assertSame(991, $this->renewed()['invoice_item']['id']);
        $call = $this->renewed();
        self::assertArrayNotHasKey('invoice_item', $call);
        self::assertMatchesRegularExpression('/^[0-9a-f]{16,64}$/', $call['token']);
    }

    public function testRetryInTheModuleQueueMeansThePaymentThatFailed(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        self::assertSame(991, $this->renewed()['invoice_item']['id']); // by the cron, meanwhile
        PaidItems::forgetAll();
        $columns = 'id INTEGER PRIMARY KEY, service_type, service_id, module_action, completed';
        Capsule::connection()->statement("CREATE TABLE tblmodulequeue ($columns)");
        $row = ['service_type' => 'service', 'service_id' => 501, 'module_action' => 'Renew', 'completed' => 0];
        $queued = $this->shop->add('tblmodulequeue', $row);
        $this->asAdmin();
        self::assertSame(991, $this->renewed()['invoice_item']['id']);
        $this->shop->change('tblmodulequeue', $queued, ['completed' => 1]);
        self::assertArrayNotHasKey('invoice_item', $this->renewed());
    }

    public function testADoubleClickIsOneRequestAndALaterClickAnother(): void
    {
        $this->asAdmin();
        $first = $this->renewed()['token'];
        self::assertSame($first, $this->renewed()['token']);
        Wiring::useTime(self::NOW + 61);
        self::assertNotSame($first, $this->renewed()['token']);
    }

    public function testAClickNobodyKnowsTheEndOfIsRepeatedWithItsToken(): void
    {
        $this->asAdmin();
        $this->bridge->answer('Renew', TransportError::unanswered('timed out'));
        $first = $this->renewed()['token'];
        Wiring::useTime(self::NOW + 600);
        $this->bridge->answer('Renew', FakeBridge::success());
        self::assertSame($first, $this->renewed()['token']);
        Wiring::useTime(self::NOW + 700);
        self::assertNotSame($first, $this->renewed()['token']);
    }

    public function testAnItemWhoseRenewFailedIsNotAcknowledged(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        $this->bridge->answer('Renew', FakeBridge::problem(503, 'overloaded', 'Too much to do.'));
        $this->renewed();
        $this->bridge->answer('PaidItems', FakeBridge::withData(['accepted' => [991], 'refused' => []]));
        $this->hook('AfterCronJob');
        $items = $this->bridge->body('PaidItems')['items'];
        self::assertSame([991], array_column($items, 'id'));
    }

    public function testWhatWasPaidBeforeTheModuleCameIsNotOurs(): void
    {
        $this->shop = new Shop();
        $this->shop->paidInvoice(71, 901, 501, '2026-11-25 10:00:00');
        $this->call('Refresh', $this->shop->params());
        $this->hook('AfterCronJob');
        self::assertNotContains('PaidItems', $this->bridge->called());
    }

    public function testWhatWasPaidBeforeAnAccountWasMadeInOneGoIsPaidForByIt(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        $this->call('CreateAccount', $this->shop->params(['username' => 'ofanothermodule']));
        $this->hook('AfterCronJob');
        self::assertNotContains('PaidItems', $this->bridge->called());
    }

    public function testARepeatedCreateSwallowsNoLostRenewal(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        $this->call('CreateAccount', $this->shop->params());
        $this->hook('AfterCronJob');
        self::assertSame([991], array_column($this->bridge->body('PaidItems')['items'], 'id'));
    }

    /** @dataProvider endings */
    public function testThePaymentThatSetsAServiceUpBuysNoRenewalHoweverTheCreateEnds(Reply|TransportError $end): void
    {
        $this->shop->paidInvoice(77, 991, 501); // not the order's first invoice, which was cancelled and made anew
        $this->hook('InvoicePaidPreEmail', ['invoiceid' => 77]);
        $this->bridge->answer('CreateAccount', $end);
        $this->call('CreateAccount', $this->shop->params(['username' => '', 'status' => 'Pending']));
        self::assertTrue($this->renewed()['invoice_item']['first']);
        PaidItems::forgetAll();
        $this->hook('AfterCronJob');
        self::assertNotContains('PaidItems', $this->bridge->called());
    }

    public static function endings(): iterable
    {
        yield 'done' => [FakeBridge::success()];
        yield 'pending' => [FakeBridge::pending()];
        yield 'lost' => [TransportError::unanswered('timed out')];
        yield 'refused' => [FakeBridge::problem(402, 'insufficient_credit', 'No credit.')];
    }

    /** @return array<string, mixed> the `call` that was sent */
    private function renewed(): array
    {
        $this->call('Renew', $this->shop->params());
        return $this->bridge->body('Renew')['call'];
    }
}
