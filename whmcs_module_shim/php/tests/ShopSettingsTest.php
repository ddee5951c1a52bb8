<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\Wire\TransportError;
use WHMCS\Module\Server\Panelbridge\Wiring;

/** Settings that can undo prepaid renewals are told to the bridge, which says what is wrong. */
final class ShopSettingsTest extends ModuleTestCase
{
    private int $rounds = 0;

    public function testTestConnectionTellsThemAsTheyAre(): void
    {
        $this->set('NoAutoApplyCredit', '');
        $this->set('CreditOnDowngrade', 'on');
        panelbridge_TestConnection(Shop::serverKeys());
        $told = $this->bridge->body('TestConnection')['settings'] ?? null;
        self::assertSame(['automatic_credit_use' => true, 'credit_on_downgrade' => true], $told);
    }

    public function testAReleaseWithoutThemTellsNone(): void
    {
        panelbridge_TestConnection(Shop::serverKeys());
        self::assertSame([], $this->bridge->body('TestConnection')['settings'] ?? null);
    }

    public function testTheCronTellsThemOnceADayAndWhenTheyChange(): void
    {
        $this->set('CreditOnDowngrade', 'on');
        $this->bridge->answer('Finished', FakeBridge::withData(['items' => [], 'cursor' => 0, 'alerts' => []]));
        $this->bridge->answer('ShopSettings', TransportError::unreachable('refused'));
        $this->round();
        $this->bridge->answer('ShopSettings', FakeBridge::success());
        foreach (['on', 'on', '', 'on', 'on'] as $value) {
            $this->set('CreditOnDowngrade', $value);
            $this->round();
        }
        $sent = array_keys($this->bridge->called(), 'ShopSettings', true);
        self::assertCount(4, $sent); // the silence, its repeat, off, on again
        self::assertSame(['credit_on_downgrade' => true], $this->bridge->body('ShopSettings')['settings']);
    }

    private function set(string $setting, string $value): void
    {
        $row = \WHMCS\Database\Capsule::table('tblconfiguration');
        $row->updateOrInsert(['setting' => $setting], ['value' => $value]);
    }

    private function round(): void
    {
        Wiring::useTime(self::NOW + 300 * ++$this->rounds);
        $this->hook('AfterCronJob');
    }
}
