<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

/** The module remembers the highest operation it was ever told, so that a bridge rolled back behind it can notice. */
final class HighestOperationTest extends ModuleTestCase
{
    public function testTheFirstCallKnowsNone(): void
    {
        $this->call('SuspendAccount', $this->shop->params());
        self::assertArrayNotHasKey('highest_operation', $this->bridge->body('SuspendAccount'));
    }

    public function testTheHighestOfAllAnswersIsSentWithEveryCall(): void
    {
        $this->told(41, 'SuspendAccount');
        $this->told(17, 'UnsuspendAccount');
        foreach (['TerminateAccount', 'Refresh', 'ClientArea'] as $function) {
            $this->call($function, $this->shop->params());
        }
        $this->hook('AfterCronJob');
        foreach (['TerminateAccount', 'Account', 'Finished'] as $function) {
            self::assertSame(41, $this->bridge->body($function)['highest_operation'] ?? null, $function);
        }
    }

    public function testWhatThePendingAndTheFinishedTellCountsToo(): void
    {
        $this->bridge->answer('CreateAccount', FakeBridge::pending());
        $this->call('CreateAccount', $this->shop->params());
        $item = ['cursor' => 90, 'serviceid' => 999, 'operation' => 90, 'verb' => 'extend', 'state' => 'done'];
        $data = ['items' => [$item], 'cursor' => 0, 'alerts' => []];
        $this->bridge->answer('Finished', FakeBridge::withData($data));
        $this->hook('AfterCronJob');
        self::assertSame(17, $this->bridge->body('Finished')['highest_operation'] ?? null);
        self::assertSame(90, $this->bridge->body('Acknowledge')['highest_operation'] ?? null);
    }

    public function testAnotherKeyIsAnotherBridge(): void
    {
        $this->told(41, 'SuspendAccount');
        $this->call('UnsuspendAccount', $this->shop->params(['serverpassword' => 'pb_test_another']));
        self::assertArrayNotHasKey('highest_operation', $this->bridge->body('UnsuspendAccount'));
    }

    private function told(int $operation, string $function): void
    {
        $members = ['operation' => ['id' => $operation, 'verb' => 'suspend', 'state' => 'done']];
        $this->bridge->answer($function, FakeBridge::success($members));
        $this->call($function, $this->shop->params());
    }
}
