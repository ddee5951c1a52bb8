<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;
use WHMCS\Module\Server\Panelbridge\Wiring;

/** Closing the loop: what the bridge finished is finished in WHMCS, exactly once, and nothing is lost meanwhile. */
final class CronTest extends ModuleTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->bridge->answer('PaidItems', FakeBridge::withData(['accepted' => [], 'refused' => []]));
        $this->finished([]);
        foreach (['Create', 'Suspend', 'Unsuspend', 'Terminate', 'ChangePackage'] as $action) {
            $function = $action === 'ChangePackage' ? $action : $action . 'Account';
            Captured::$localAnswers['Module' . $action] = function (array $values) use ($function): array {
                $over = array_intersect_key($values, ['suspendreason' => true]);
                $told = $this->call($function, $this->shop->params($over));
                return $told === 'success' ? ['result' => 'success'] : ['result' => 'error', 'message' => $told];
            };
        }
    }

    /** @dataProvider verbs */
    public function testAFinishedOperationIsClosedByItsModuleAction(string $action, string $function): void
    {
        $this->finished([self::item(['close_with' => $action, 'suspendreason' => 'Abuse'])]);
        $this->hook('AfterCronJob');
        self::assertSame(17, $this->bridge->body($function)['call']['closing']);
        self::assertSame([17], $this->bridge->body('Acknowledge')['operations']);
        self::assertSame('6', $this->bridge->requests[0]->headers['Panelbridge-Deadline']);
        if ($action === 'ModuleSuspend') {
            self::assertSame('Abuse', $this->bridge->body($function)['suspendreason']);
        }
    }

    public static function verbs(): iterable
    {
        yield ['ModuleCreate', 'CreateAccount'];
        yield ['ModuleSuspend', 'SuspendAccount'];
        yield ['ModuleUnsuspend', 'UnsuspendAccount'];
        yield ['ModuleTerminate', 'TerminateAccount'];
        yield ['ModuleChangePackage', 'ChangePackage'];
    }

    public function testAnOrdinaryCallAfterwardsClosesNothing(): void
    {
        $this->finished([self::item(['close_with' => 'ModuleTerminate'])]);
        $this->hook('AfterCronJob');
        $this->call('TerminateAccount', $this->shop->params());
        self::assertArrayNotHasKey('closing', $this->bridge->body('TerminateAccount')['call']);
    }

    public function testAStaleClosingIsAcknowledgedAndNotShown(): void
    {
        $this->bridge->answer('SuspendAccount', FakeBridge::problem(409, 'stale', 'A later operation settled.'));
        $this->finished([self::item(['close_with' => 'ModuleSuspend'])]);
        $this->hook('AfterCronJob');
        self::assertSame([17], $this->bridge->body('Acknowledge')['operations']);
        self::assertNotContains('SendAdminEmail', array_column(Captured::$localCalls, 'action'));
    }

    public function testAClosingThatFailsForNowIsTriedAgainAndNotAcknowledged(): void
    {
        $this->bridge->answer('CreateAccount', TransportError::unanswered('timed out'));
        $this->finished([self::item(['close_with' => 'ModuleCreate'])]);
        $this->hook('AfterCronJob');
        self::assertNotContains('Acknowledge', $this->bridge->called());
        $this->bridge->answer('CreateAccount', FakeBridge::success());
        Wiring::useTime(self::NOW + 300);
        $this->hook('AfterCronJob');
        self::assertSame([17], $this->bridge->body('Acknowledge')['operations']);
    }

    public function testAnActionThatIsNotAModuleActionIsNotRun(): void
    {
        $this->finished([self::item(['close_with' => 'DeleteClient'])]);
        $this->hook('AfterCronJob');
        self::assertNotContains('DeleteClient', array_column(Captured::$localCalls, 'action'));
    }

    public function testALatePasswordIsWrittenToTheServiceAndNotLogged(): void
    {
        $this->finished([self::item(['close_with' => null, 'verb' => 'change_password', 'password' => 'Late<Pw>77'])]);
        $this->hook('AfterCronJob');
        $call = Captured::$localCalls[0];
        self::assertSame(['UpdateClientProduct', 501, 'Late<Pw>77'], [
            $call['action'], $call['serviceid'], $call['servicepassword'],
        ]);
        self::assertStringNotContainsString('Late<Pw>77', Captured::logged());
        self::assertSame([17], $this->bridge->body('Acknowledge')['operations']);
    }

    public function testAnotherModulesServiceIsNeverTouched(): void
    {
        $this->finished([self::item(['serviceid' => 502, 'close_with' => 'ModuleTerminate'])]);
        $this->hook('AfterCronJob');
        self::assertNotContains('ModuleTerminate', array_column(Captured::$localCalls, 'action'));
        self::assertSame([17], $this->bridge->body('Acknowledge')['operations']);
    }

    public function testAWithdrawnCancellationIsToldAndOneThatStandsIsNot(): void
    {
        $this->bridge->answer('CancellationWithdrawn', FakeBridge::success());
        $data = ['items' => [], 'cursor' => 0, 'alerts' => [], 'cancelled' => [501]];
        $this->bridge->answer('Finished', FakeBridge::withData($data));
        Capsule::table('tblcancelrequests')->insert(['relid' => 501, 'type' => 'End of Billing Period']);
        $this->hook('AfterCronJob');
        self::assertNotContains('CancellationWithdrawn', $this->bridge->called());
        Capsule::table('tblcancelrequests')->where('relid', 501)->delete();
        Wiring::useTime(self::NOW + 300);
        $this->hook('AfterCronJob');
        self::assertContains('CancellationWithdrawn', $this->bridge->called());
        self::assertSame(501, $this->bridge->body('CancellationWithdrawn')['serviceid']);
    }

    public function testAlertsAreShownOnce(): void
    {
        $alert = 'Credits of reseller one are below the floor.';
        $this->bridge->answer('Finished', FakeBridge::withData(['items' => [], 'cursor' => 0, 'alerts' => [$alert]]));
        foreach ([0, 300, 600] as $later) {
            Wiring::useTime(self::NOW + $later);
            $this->hook('AfterCronJob');
        }
        $actions = array_count_values(array_column(Captured::$localCalls, 'action'));
        self::assertSame(['SendAdminEmail' => 1, 'TriggerNotificationEvent' => 1], $actions);
        self::assertSame(['Panelbridge: ' . $alert], Captured::$activity);
    }

    public function testTheSameWordsOnAnotherOccasionAreAnotherAlert(): void
    {
        foreach (['0:1', '0:2'] as $round => $occasion) {
            $data = ['items' => [], 'cursor' => 0, 'alerts' => ['Credits fell to 3.'], 'alerts_cursor' => $occasion];
            $this->bridge->answer('Finished', FakeBridge::withData($data));
            $this->round($round);
        }
        self::assertSame('0:1', $this->bridge->body('Finished')['alerts_after']);
        self::assertCount(2, array_keys(array_column(Captured::$localCalls, 'action'), 'SendAdminEmail', true));
    }

    public function testAnOperationThatSettlesLateIsToldThoughALaterOneWasBefore(): void
    {
        $this->finished([self::item(['cursor' => 9, 'operation' => 9, 'close_with' => 'ModuleSuspend'])]);
        $this->round(1);
        $this->finished([self::item(['cursor' => 4, 'operation' => 4, 'close_with' => 'ModuleUnsuspend'])]);
        $this->round(2);
        self::assertSame(4, $this->bridge->body('UnsuspendAccount')['call']['closing']);
    }

    public function testWhatWaitsForAPersonIsShownOnceThoughToldAgain(): void
    {
        $text = 'create of service 501 needs a person (operation 17): two lines of that name.';
        $this->finished([self::item(['text' => $text])], false);
        foreach ([1, 2, 3] as $round) {
            $this->round($round);
        }
        self::assertCount(1, array_keys(array_column(Captured::$localCalls, 'action'), 'SendAdminEmail', true));
        self::assertCount(1, array_keys(Captured::$activity, 'Panelbridge: ' . $text, true));
    }

    /** @dataProvider unhappyEnds */
    public function testARenewalThatCameToNothingIsShownToStaffOnce(string $state, string $text): void
    {
        $this->finished([self::item(['verb' => 'extend', 'state' => $state, 'text' => $text])], false);
        foreach ([1, 2, 3] as $round) {
            $this->round($round);
        }
        self::assertCount(1, array_keys(array_column(Captured::$localCalls, 'action'), 'SendAdminEmail', true));
        self::assertCount(1, array_keys(Captured::$activity, 'Panelbridge: ' . $text, true));
    }

    public static function unhappyEnds(): iterable
    {
        yield ['attention', 'extend of service 501 needs a person (operation 17): the expiry jumped.'];
        yield ['refused', 'extend of service 501 was refused (operation 17): the panel forbids it.'];
        yield ['superseded', 'extend of service 501 was not sent: replaced by a later terminate before it was sent.'];
    }

    public function testARenewalThatWasDoneLateIsOnlyLogged(): void
    {
        $this->finished([self::item(['verb' => 'extend', 'state' => 'done', 'text' => 'extend is done.'])]);
        $this->round(1);
        self::assertSame(['Panelbridge: extend is done.'], Captured::$activity);
        self::assertNotContains('SendAdminEmail', array_column(Captured::$localCalls, 'action'));
    }

    public function testWhatALaterCallReplacedIsOnlyLogged(): void
    {
        $text = 'suspend of service 501 was not sent: replaced by a later unsuspend before it was sent.';
        $this->finished([self::item(['verb' => 'suspend', 'state' => 'superseded', 'text' => $text])]);
        $this->round(1);
        self::assertSame(['Panelbridge: ' . $text], Captured::$activity);
        self::assertNotContains('SendAdminEmail', array_column(Captured::$localCalls, 'action'));
    }

    public function testPaidItemsAreSentUntilAcknowledged(): void
    {
        $this->hook('AfterCronJob');
        $this->shop->paidInvoice(77, 991, 501);
        $this->shop->paidInvoice(78, 992, 502);
        $this->bridge->answer('PaidItems', TransportError::unreachable('refused'));
        $this->round(1);
        $this->bridge->answer('PaidItems', FakeBridge::withData(['accepted' => [991], 'refused' => []]));
        $this->round(2);
        $this->round(3);
        self::assertCount(2, array_keys($this->bridge->called(), 'PaidItems', true));
        self::assertSame([[
            'id' => 991, 'invoice_id' => 77, 'first' => false, 'serviceid' => 501, 'billingcycle' => 'Monthly',
            'plan' => 'gold',
        ]], $this->bridge->body('PaidItems')['items']);
    }

    public function testARefusedItemIsShownOnceAndSentAgainLater(): void
    {
        $this->hook('AfterCronJob');
        $this->shop->paidInvoice(77, 991, 501);
        $refused = ['accepted' => [], 'refused' => [['id' => 991, 'message' => 'No such plan.']]];
        $this->bridge->answer('PaidItems', FakeBridge::withData($refused));
        foreach ([1, 2, 3, 4, 5, 6] as $round) {
            $this->round($round);
        }
        self::assertCount(1, array_keys(array_column(Captured::$localCalls, 'action'), 'SendAdminEmail', true));
        $sent = count(array_keys($this->bridge->called(), 'PaidItems', true));
        self::assertGreaterThan(1, $sent);
        self::assertLessThan(6, $sent);
    }

    public function testRoundsAreThrottled(): void
    {
        $this->hook('AfterCronJob');
        $this->hook('AfterCronJob');
        self::assertCount(1, array_keys($this->bridge->called(), 'Finished', true));
    }

    public function testASilentBridgeCostsOneCallARound(): void
    {
        $silence = TransportError::unreachable('refused');
        $this->bridge->answer('*', $silence)->answer('Finished', $silence);
        $this->hook('AfterCronJob');
        self::assertSame(['Finished'], $this->bridge->called());
    }

    public function testANoticeTheBridgeMissedIsToldLater(): void
    {
        $this->bridge->answer('CancellationRequested', TransportError::unreachable('refused'));
        $this->hook('CancellationRequest', ['userid' => 42, 'relid' => 501, 'reason' => 'dear', 'type' => 'Immediate']);
        $this->bridge->answer('CancellationRequested', FakeBridge::success());
        $this->round(1);
        $this->round(2);
        self::assertCount(2, array_keys($this->bridge->called(), 'CancellationRequested', true));
        self::assertSame('Immediate', $this->bridge->body('CancellationRequested')['cancellation']);
    }

    /** @dataProvider ends */
    public function testALateCreateOfAnEndedServiceIsTakenAwayInTheSecondRoundAndNeverRevived(
        string $service,
        string $order
    ): void {
        $this->shop->change('tblhosting', 501, ['domainstatus' => $service]);
        $this->shop->change('tblorders', 60, ['status' => $order]);
        $this->bridge->answer('UndoCreate', FakeBridge::withData(['credited' => '1']));
        $this->finished([self::item(['close_with' => 'ModuleCreate'])]);
        $this->round(1);
        self::assertNotContains('ModuleCreate', $this->actions());
        self::assertNotContains('UndoCreate', $this->bridge->called());
        $this->round(2);
        $this->round(3);
        self::assertNotContains('ModuleCreate', $this->actions());
        self::assertCount(1, array_keys($this->bridge->called(), 'UndoCreate', true));
        self::assertSame(17, $this->bridge->body('UndoCreate')['operation']);
        self::assertSame([17], $this->bridge->body('Acknowledge')['operations']);
        self::assertSame(['SendAdminEmail'], array_values(array_intersect($this->actions(), ['SendAdminEmail'])));
        self::assertNotContains('SendEmail', $this->actions());
    }

    public static function ends(): iterable
    {
        yield ['Cancelled', 'Active'];
        yield ['Fraud', 'Fraud'];
        yield ['Terminated', 'Active'];
        yield ['Pending', 'Cancelled'];
    }

    public function testOnceInBetweenAliveStartsTheTwoRoundsAnew(): void
    {
        $item = self::item(['close_with' => 'ModuleCreate']);
        $this->bridge->answer('CreateAccount', TransportError::unanswered('timed out'));
        $this->finished([$item]);
        foreach ([1 => 'Fraud', 2 => 'Pending', 3 => 'Fraud'] as $round => $status) {
            $this->shop->change('tblhosting', 501, ['domainstatus' => $status]);
            $this->shop->change('tblorders', 60, ['status' => $status]);
            $this->round($round);
        }
        self::assertNotContains('UndoCreate', $this->bridge->called());
    }

    public function testAServiceSetActiveByHandKeepsItsAccountThoughTheOrderIsFraud(): void
    {
        $this->shop->change('tblorders', 60, ['status' => 'Fraud']);
        $this->finished([self::item(['close_with' => 'ModuleCreate'])]);
        $this->round(1);
        $this->round(2);
        self::assertContains('ModuleCreate', $this->actions());
        self::assertNotContains('UndoCreate', $this->bridge->called());
    }

    /** @dataProvider otherStates */
    public function testAnyOtherClosingInAnotherStateIsDroppedUnrun(string $action, string $status): void
    {
        $this->shop->change('tblhosting', 501, ['domainstatus' => $status]);
        $this->finished([self::item(['close_with' => $action])]);
        $this->round(1);
        self::assertNotContains($action, $this->actions());
        self::assertSame([17], $this->bridge->body('Acknowledge')['operations']);
        self::assertStringContainsString($status, implode(' ', Captured::$activity));
    }

    public static function otherStates(): iterable
    {
        yield ['ModuleCreate', 'Suspended'];
        yield ['ModuleSuspend', 'Terminated'];
        yield ['ModuleUnsuspend', 'Fraud'];
        yield ['ModuleTerminate', 'Cancelled'];
        yield ['ModuleChangePackage', 'Terminated'];
    }

    public function testAtMostTenAreTakenAwayInARoundAndMoreIsTold(): void
    {
        $items = [];
        foreach (range(601, 613) as $id) {
            $this->shop->add('tblhosting', ['id' => $id, 'userid' => 42, 'orderid' => 60, 'packageid' => 7,
                'server' => 3, 'billingcycle' => 'Monthly', 'domainstatus' => 'Fraud', 'username' => '',
                'password' => '', 'suspendreason' => '']);
            $items[] = self::item(['serviceid' => $id, 'operation' => $id, 'cursor' => $id,
                'close_with' => 'ModuleCreate']);
        }
        $this->bridge->answer('UndoCreate', FakeBridge::withData(['credited' => '1']));
        $this->finished($items);
        $this->round(1);
        $this->round(2);
        self::assertCount(10, array_keys($this->bridge->called(), 'UndoCreate', true));
        self::assertSame(3, $this->bridge->body('LateCreates')['waiting']);
        $this->round(3);
        self::assertCount(13, array_keys($this->bridge->called(), 'UndoCreate', true));
        self::assertSame(0, $this->bridge->body('LateCreates')['waiting']);
    }

    public function testOrdersAreNeverAccepted(): void
    {
        $this->finished([self::item(['close_with' => 'ModuleCreate'])]);
        $this->hook('AfterCronJob');
        self::assertNotContains('AcceptOrder', array_column(Captured::$localCalls, 'action'));
    }

    /** @return list<string> */
    private function actions(): array
    {
        return array_column(Captured::$localCalls, 'action');
    }

    private function round(int $number): void
    {
        Wiring::useTime(self::NOW + 300 * $number);
        $this->hook('AfterCronJob');
    }

    /** The bridge tells these until they are acknowledged. */
    private function finished(array $items, bool $settled = true): void
    {
        $acknowledged = [];
        $this->bridge->answer('Acknowledge', function (array $body) use (&$acknowledged, $settled) {
            $acknowledged = $settled ? [...$acknowledged, ...$body['operations']] : [];
            return FakeBridge::success();
        });
        $this->bridge->answer('Finished', function (array $body) use ($items, &$acknowledged) {
            $open = array_values(array_filter($items, static fn (array $item): bool =>
                $item['cursor'] > $body['cursor'] && !in_array($item['operation'], $acknowledged, true)));
            $cursor = max([$body['cursor'], ...array_column($open, 'cursor')]);
            return FakeBridge::withData([
                'items' => $open, 'cursor' => $cursor, 'alerts' => [], 'alerts_cursor' => '0:0',
            ]);
        });
    }

    /** @return array<string, mixed> */
    private static function item(array $over): array
    {
        return $over + [
            'cursor' => 4, 'serviceid' => 501, 'operation' => 17, 'verb' => 'create', 'close_with' => null,
            'state' => ($over['close_with'] ?? $over['password'] ?? null) === null ? 'attention' : 'done',
            'suspendreason' => null, 'username' => null, 'password' => null, 'text' => '',
        ];
    }
}
