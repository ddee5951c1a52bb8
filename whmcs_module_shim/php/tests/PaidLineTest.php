<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\PaidItems;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;
use WHMCS\Module\Server\Panelbridge\Wiring;

/** From WHMCS 9 on a cancelled line stays on its invoice: only lines WHMCS renewed the service for are booked. */
final class PaidLineTest extends ModuleTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->call('Refresh', $this->shop->params());
        $this->bridge->answer('Finished', FakeBridge::withData(['items' => [], 'cursor' => 0, 'alerts' => []]));
        $this->bridge->answer('PaidItems', static function (array $body) {
            return FakeBridge::withData(['accepted' => array_column($body['items'], 'id'), 'refused' => []]);
        });
    }

    public function testALineThatRenewedNothingIsNotBookedAndToldOnce(): void
    {
        $this->paid(77, 991);
        foreach ([100, 700, 1400] as $later) {
            $this->round($later);
        }
        self::assertSame([], $this->booked());
        self::assertSame(1, $this->alerts());
    }

    public function testALineWhoseDueDateMovedByAPeriodIsBooked(): void
    {
        $this->paid(77, 991);
        $this->dueOn('2027-01-20');
        $this->round(100);
        self::assertSame([991], $this->booked());
    }

    public function testADayIsHowStaffBillALineAnewAndNoRenewal(): void
    {
        $this->paid(77, 991);
        $this->dueOn('2026-12-21');
        $this->round(100);
        self::assertSame([], $this->booked());
        $this->paid(78, 995);
        $this->dueOn('2027-01-21');
        $this->round(200);
        $this->round(1400);
        self::assertSame([995], $this->booked());
    }

    public function testALineWhmcsCalledRenewForIsBookedThoughItsDateStayed(): void
    {
        $this->paid(77, 991);
        $this->bridge->answer('Renew', TransportError::unreachable('refused'));
        $this->call('Renew', $this->shop->params());
        PaidItems::forgetAll();
        $this->round(700);
        self::assertSame([991], $this->booked());
    }

    public function testALineWhoseHookDidNotRunIsBookedAsBefore(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        $this->round(100);
        self::assertSame([991], $this->booked());
    }

    private function paid(int $invoice, int $item): void
    {
        $this->shop->paidInvoice($invoice, $item, 501);
        $this->hook('InvoicePaidPreEmail', ['invoiceid' => $invoice]);
    }

    private function dueOn(string $date): void
    {
        $this->shop->change('tblhosting', 501, ['nextduedate' => $date]);
    }

    private function round(int $later): void
    {
        Wiring::useTime(self::NOW + $later);
        $this->hook('AfterCronJob');
    }

    /** @return list<int> */
    private function booked(): array
    {
        return in_array('PaidItems', $this->bridge->called(), true)
            ? array_column($this->bridge->body('PaidItems')['items'], 'id') : [];
    }

    private function alerts(): int
    {
        return count(array_keys(array_column(Captured::$localCalls, 'action'), 'SendAdminEmail', true));
    }
}
