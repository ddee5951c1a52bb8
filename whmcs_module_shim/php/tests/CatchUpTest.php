<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\PaidItems;
use WHMCS\Module\Server\Panelbridge\Wire\Reply;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;
use WHMCS\Module\Server\Panelbridge\Wiring;

/** What the bridge never answered is repeated by the cron, as far as WHMCS still wants it; nothing else is. */
final class CatchUpTest extends ModuleTestCase
{
    private const OVERDUE = 'Overdue on Payment';
    private const FUNCTIONS = [
        'ModuleCreate' => 'CreateAccount', 'ModuleSuspend' => 'SuspendAccount',
        'ModuleUnsuspend' => 'UnsuspendAccount', 'ModuleTerminate' => 'TerminateAccount',
        'ModuleChangePackage' => 'ChangePackage',
    ];

    private int $rounds = 0;

    protected function setUp(): void
    {
        parent::setUp();
        $this->bridge->answer('Finished', FakeBridge::withData(['items' => [], 'cursor' => 0, 'alerts' => []]));
        $this->bridge->answer('PaidItems', FakeBridge::withData(['accepted' => [], 'refused' => []]));
        foreach (self::FUNCTIONS as $action => $function) {
            Captured::$localAnswers[$action] = function (array $values) use ($function): array {
                $over = array_intersect_key($values, ['suspendreason' => true, 'serviceid' => true]);
                $told = $this->call($function, $this->shop->params($over));
                return $told === 'success' ? ['result' => 'success'] : ['result' => 'error', 'message' => $told];
            };
        }
        $this->call('Refresh', $this->shop->params());
    }

    /** @dataProvider silences */
    public function testAPaidOrderTheBridgeDidNotAnswerIsCreatedByTheCronOnce(Reply|TransportError $silence): void
    {
        $this->becomes('Pending');
        $told = $this->lost('CreateAccount', $silence);
        self::assertFailureText($told);
        $this->round();
        $this->round();
        self::assertSame(['ModuleCreate'], $this->actions());
    }

    public static function silences(): iterable
    {
        yield 'unreachable' => [TransportError::unreachable('refused')];
        yield 'no reply' => [TransportError::unanswered('timed out')];
        yield 'TLS' => [TransportError::untrusted('expired')];
        yield 'overloaded' => [FakeBridge::problem(503, 'overloaded', 'Too much to do.')];
        yield 'writes off' => [FakeBridge::problem(409, 'writes_off', 'Writes are switched off.')];
        yield 'a proxy' => [new Reply(502, 'text/html', '<html>Bad gateway</html>')];
    }

    public function testTheFailureSaysThatTheCronRepeatsIt(): void
    {
        $this->becomes('Pending');
        self::assertStringContainsString('the cron repeats it', $this->lost('CreateAccount'));
    }

    /** @dataProvider answers */
    public function testWhatWasAnsweredIsNotRepeated(Reply $answer): void
    {
        $this->becomes('Pending');
        $this->bridge->answer('CreateAccount', $answer);
        $this->call('CreateAccount', $this->shop->params());
        $this->bridge->answer('CreateAccount', FakeBridge::success());
        $this->round();
        $this->round();
        self::assertSame([], $this->actions());
    }

    public static function answers(): iterable
    {
        yield 'done' => [FakeBridge::success()];
        yield 'pending' => [FakeBridge::pending()];
        yield 'refused' => [FakeBridge::problem(402, 'insufficient_credit', 'No credit.')];
    }

    public function testASilentBridgeIsNotAskedForEachOfThem(): void
    {
        $this->becomes('Pending');
        $this->lost('CreateAccount');
        $this->bridge->answer('Finished', TransportError::unreachable('refused'));
        $this->round();
        self::assertSame([], $this->actions());
    }

    public function testWhatFailsAgainPausesAndIsToldAfterSomeTries(): void
    {
        $this->becomes('Pending');
        $this->lost('CreateAccount');
        $this->bridge->answer('CreateAccount', TransportError::unanswered('timed out'));
        for ($round = 0; $round < 12; $round++) {
            $this->round();
        }
        $tries = count($this->actions());
        self::assertGreaterThan(2, $tries);
        self::assertLessThan(8, $tries);
        self::assertSame(1, $this->alerts());
    }

    public function testARepeatTheBridgeWorksOnIsNoRefusal(): void
    {
        $this->becomes('Pending');
        $this->lost('CreateAccount');
        $this->bridge->answer('CreateAccount', FakeBridge::pending());
        $this->round();
        $this->round();
        self::assertSame(['ModuleCreate'], $this->actions());
        self::assertSame(0, $this->alerts());
    }

    public function testABridgeThatFallsSilentAgainIsLeftAloneForTheRound(): void
    {
        foreach (range(601, 605) as $id) {
            $this->shop->add('tblhosting', ['id' => $id, 'userid' => 42, 'orderid' => 60, 'packageid' => 7,
                'server' => 3, 'billingcycle' => 'Monthly', 'domainstatus' => 'Pending', 'username' => '',
                'password' => '', 'suspendreason' => '', 'nextduedate' => '2026-12-20']);
            $this->lost('CreateAccount', null, ['serviceid' => $id]);
        }
        $this->bridge->answer('CreateAccount', TransportError::unreachable('refused'));
        $this->round();
        self::assertSame(['ModuleCreate'], $this->actions());
    }

    public function testARefusalOfTheRepeatIsToldAndEndsIt(): void
    {
        $this->becomes('Pending');
        $this->lost('CreateAccount');
        $this->bridge->answer('CreateAccount', FakeBridge::problem(402, 'insufficient_credit', 'No credit.'));
        $this->round();
        $this->round();
        self::assertSame(['ModuleCreate'], $this->actions());
        self::assertSame(1, $this->alerts());
    }

    /** @dataProvider ends */
    public function testAnOrderThatEndedIsNotCreatedWhenNothingHadLeft(string $service, string $order): void
    {
        $this->becomes('Pending');
        $this->lost('CreateAccount');
        $this->becomes($service);
        $this->shop->change('tblorders', 60, ['status' => $order]);
        $this->round();
        $this->round();
        $this->round();
        self::assertSame([], $this->actions());
        self::assertNotContains('UndoCreate', $this->bridge->called());
    }

    public static function ends(): iterable
    {
        yield ['Cancelled', 'Cancelled'];
        yield ['Fraud', 'Fraud'];
        yield ['Terminated', 'Active'];
        yield ['Pending', 'Fraud'];
    }

    public function testAnOrderThatEndedWhileItsCreateMayHaveLeftIsTakenAwayInTheSecondRound(): void
    {
        $this->becomes('Pending');
        $this->lost('CreateAccount', TransportError::unanswered('timed out'));
        $this->becomes('Fraud');
        $this->round();
        self::assertNotContains('UndoCreate', $this->bridge->called());
        $this->bridge->answer('UndoCreate', FakeBridge::withData(['credited' => '1']));
        $this->round();
        $this->round();
        self::assertSame([], $this->actions());
        self::assertCount(1, array_keys($this->bridge->called(), 'UndoCreate', true));
        self::assertSame('Fraud', $this->bridge->body('UndoCreate')['status']);
        self::assertSame(1, $this->alerts());
    }

    public function testAnOverdueSuspensionIsRepeatedWithItsReasonUnlessItWasPaid(): void
    {
        $this->lost('SuspendAccount', null, ['suspendreason' => self::OVERDUE]);
        $this->round();
        self::assertSame(['ModuleSuspend'], $this->actions());
        self::assertSame(self::OVERDUE, $this->bridge->body('SuspendAccount')['suspendreason']);

        $this->lost('SuspendAccount', null, ['suspendreason' => self::OVERDUE]);
        $this->shop->change('tblhosting', 501, ['nextduedate' => '2027-01-20']);
        $this->round();
        self::assertSame(['ModuleSuspend'], $this->actions());
    }

    public function testTheLatestOfSuspendAndUnsuspendCounts(): void
    {
        $this->lost('SuspendAccount', null, ['suspendreason' => self::OVERDUE]);
        $this->shop->change('tblhosting', 501, ['domainstatus' => 'Suspended', 'suspendreason' => self::OVERDUE]);
        $this->lost('UnsuspendAccount');
        $this->round();
        self::assertSame(['ModuleUnsuspend'], $this->actions());
    }

    public function testOnlyWhatWasSuspendedForNonPaymentIsUnsuspendedByTheCron(): void
    {
        $this->shop->change('tblhosting', 501, ['domainstatus' => 'Suspended', 'suspendreason' => 'Abuse']);
        $this->lost('UnsuspendAccount');
        $this->round();
        self::assertSame([], $this->actions());

        $this->shop->change('tblhosting', 501, ['suspendreason' => self::OVERDUE]);
        $this->lost('UnsuspendAccount');
        $this->shop->change('tblhosting', 501, ['suspendreason' => 'Abuse']);
        $this->round();
        self::assertSame([], $this->actions());
    }

    public function testATerminationByTheCronIsRepeatedAndAClickThatNeverLeftIsOnlyTold(): void
    {
        $this->lost('TerminateAccount');
        $this->round();
        self::assertSame(['ModuleTerminate'], $this->actions());

        $this->asAdmin();
        $this->lost('TerminateAccount');
        $this->round();
        self::assertSame(['ModuleTerminate'], $this->actions());
        self::assertSame(1, $this->alerts());
    }

    public function testATerminationIsNotRepeatedOnceTheServiceWasPaid(): void
    {
        $this->lost('TerminateAccount');
        $this->shop->change('tblhosting', 501, ['nextduedate' => '2027-01-20']);
        $this->round();
        self::assertSame([], $this->actions());
    }

    public function testATerminationOfAServiceThatEndedByHandLeavesItsStatus(): void
    {
        $this->lost('TerminateAccount');
        $this->becomes('Fraud');
        $this->round();
        self::assertSame([], $this->actions());
        self::assertCount(2, array_keys($this->bridge->called(), 'TerminateAccount', true));
    }

    public function testAnUpgradeIsRepeatedAfterTheRenewalPaidBeforeItWithItsOwnCycle(): void
    {
        $this->shop->paidInvoice(77, 991, 501);
        $this->hook('InvoicePaidPreEmail', ['invoiceid' => 77]);
        $this->lost('Renew');
        $this->shop->change('tblhosting', 501, ['billingcycle' => 'Annually']);
        $this->lost('ChangePackage');
        PaidItems::forgetAll();
        $this->bridge->answer('PaidItems', FakeBridge::withData(['accepted' => [991], 'refused' => []]));
        $this->round();
        self::assertSame('Monthly', $this->bridge->body('PaidItems')['items'][0]['billingcycle']);
        $told = array_slice($this->bridge->called(), -3);
        self::assertSame(['Finished', 'PaidItems', 'ChangePackage'], $told);
    }

    public function testAnUpgradeThatIsRepeatedIsNoFailureStaffMustMend(): void
    {
        $this->shop->add('tblupgrades', ['relid' => 501, 'type' => 'package', 'originalvalue' => '7']);
        $this->shop->change('tblproducts', 7, ['name' => 'TV Gold']);
        $told = $this->lost('ChangePackage');
        $failed = ['params' => ['serviceid' => 501, 'userid' => 42, 'moduletype' => 'panelbridge']];
        $this->hook('AfterModuleChangePackageFailed', $failed + ['failureResponseMessage' => $told]);
        self::assertSame(0, $this->alerts());

        $this->bridge->answer('ChangePackage', FakeBridge::problem(422, 'plan_unknown', 'No such plan.'));
        $told = $this->call('ChangePackage', $this->shop->params());
        $this->hook('AfterModuleChangePackageFailed', $failed + ['failureResponseMessage' => $told]);
        self::assertSame(1, $this->alerts());
        self::assertStringContainsString('TV Gold', implode(' ', Captured::$activity));
    }

    public function testARenewalPaidSinceIsNotSwallowedByTheRepeatedCreate(): void
    {
        $this->shop->change('tblhosting', 501, ['domainstatus' => 'Pending', 'username' => '']);
        $this->shop->paidInvoice(76, 990, 501, '2026-12-01 10:00:00');
        $this->lost('CreateAccount', null, ['username' => '']);
        $this->shop->paidInvoice(77, 991, 501, '2026-12-02 10:00:00');
        Captured::$localAnswers['ModuleCreate'] = fn (): array =>
            ['result' => $this->call('CreateAccount', $this->shop->params(['username' => '']))];
        $this->round();
        self::assertSame([991], array_column($this->bridge->body('PaidItems')['items'], 'id'));
    }

    public function testAServiceOfAnotherModuleIsForgotten(): void
    {
        $this->becomes('Pending');
        $this->lost('CreateAccount');
        $this->shop->change('tblhosting', 501, ['packageid' => 8]);
        $this->round();
        self::assertSame([], $this->actions());
    }

    /** @param array<string, mixed> $over */
    private function lost(string $function, Reply|TransportError|null $silence = null, array $over = []): string
    {
        $this->bridge->answer($function, $silence ?? TransportError::unreachable('refused'));
        $told = $this->call($function, $this->shop->params($over));
        $this->bridge->answer($function, FakeBridge::success());
        return $told;
    }

    private function becomes(string $status): void
    {
        $this->shop->change('tblhosting', 501, ['domainstatus' => $status]);
    }

    private function round(): void
    {
        Wiring::useTime(self::NOW + 300 * ++$this->rounds);
        $admin = $_SESSION['adminid'] ?? null;
        unset($_SESSION['adminid']);
        $this->hook('AfterCronJob');
        if ($admin !== null) {
            $_SESSION['adminid'] = $admin;
        }
    }

    /** @return list<string> the module actions the cron ran */
    private function actions(): array
    {
        $all = array_column(Captured::$localCalls, 'action');
        return array_values(array_intersect($all, array_keys(self::FUNCTIONS)));
    }

    private function alerts(): int
    {
        return count(array_keys(array_column(Captured::$localCalls, 'action'), 'SendAdminEmail', true));
    }
}
