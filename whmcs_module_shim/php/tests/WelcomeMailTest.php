<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** No mail tells credentials before there are any; when there are, it tells the right ones. */
final class WelcomeMailTest extends ModuleTestCase
{
    private const WELCOME = ['messagename' => 'Panel Welcome', 'relid' => 501, 'mergefields' => ['service_id' => 501]];

    public function testTheMailOfTheRequestThatCreatedTellsWhatTheBridgeGave(): void
    {
        $this->call('CreateAccount', $this->shop->params());
        $fields = $this->hook('EmailPreSend', self::WELCOME);
        self::assertSame('pb501k7m2qx', $fields['panelbridge_username']);
        self::assertSame('Kp4wZr8TqM', $fields['service_password']);
        self::assertSame('2026-12-20 13:00 UTC', $fields['panelbridge_expires']);
        self::assertSame(['CreateAccount'], $this->bridge->called());
    }

    public function testALaterMailAsksTheBridge(): void
    {
        $fields = $this->hook('EmailPreSend', self::WELCOME);
        self::assertTrue($this->bridge->body('Account')['call']['with_password']);
        self::assertSame('Kp4wZr8TqM', $fields['panelbridge_password']);
    }

    public function testItIsVetoedWhileThereIsNoAccount(): void
    {
        $this->bridge->answer('Account', FakeBridge::problem(404, 'not_provisioned', 'There is no account yet.'));
        self::assertSame(['abortsend' => true], $this->hook('EmailPreSend', self::WELCOME));
        self::assertStringContainsString('held back', Captured::$activity[0]);
    }

    public function testItIsVetoedWhileTheAccountIsBeingMade(): void
    {
        $this->bridge->answer('Account', FakeBridge::success(['account' => null]));
        self::assertSame(['abortsend' => true], $this->hook('EmailPreSend', self::WELCOME));
        $pending = FakeBridge::account(['state' => 'pending']);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $pending]));
        self::assertSame(['abortsend' => true], $this->hook('EmailPreSend', self::WELCOME));
    }

    public function testItIsVetoedWhenNobodyKnows(): void
    {
        $this->bridge->answer('Account', TransportError::unreachable('refused'));
        self::assertSame(['abortsend' => true], $this->hook('EmailPreSend', self::WELCOME));
    }

    public function testWhatWhmcsHoldsIsNeverMailedWhereTheBridgeKnowsNoPassword(): void
    {
        $account = FakeBridge::account();
        unset($account['password']);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        self::assertSame(['abortsend' => true], $this->hook('EmailPreSend', self::WELCOME));
        self::assertStringContainsString('knows no password', implode(' ', Captured::$activity));
    }

    public function testTheDateMailedIsTheOnePaidForWithoutTheHiddenGrace(): void
    {
        $account = FakeBridge::account(['expires_at' => '2026-12-22T13:00:00Z']);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        self::assertSame(
            '2026-12-20 13:00 UTC',
            $this->hook('EmailPreSend', self::WELCOME)['panelbridge_expires'] ?? ''
        );
    }

    public function testWithoutADateTheMailSaysSo(): void
    {
        $account = FakeBridge::account(['expires_at' => null, 'entitled_until' => null]);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        self::assertSame('no end date', $this->hook('EmailPreSend', self::WELCOME)['panelbridge_expires'] ?? '');
        $account = FakeBridge::account(['expires_at' => null]);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        self::assertSame(
            '2026-12-20 13:00 UTC',
            $this->hook('EmailPreSend', self::WELCOME)['panelbridge_expires'] ?? ''
        );
    }

    public function testTheMailTellsHowToConnect(): void
    {
        $lines = [['kind' => 'portal', 'label' => 'Portal', 'value' => 'http://tv.example/c/?a&b', 'secret' => false]];
        $account = FakeBridge::account(['connect' => $lines]);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        self::assertSame(
            'Portal: http://tv.example/c/?a&amp;b',
            $this->hook('EmailPreSend', self::WELCOME)['panelbridge_connect'] ?? ''
        );
    }

    public function testAMailThatTellsNoCredentialsCostsNoCall(): void
    {
        $this->bridge->answer('*', TransportError::unreachable('refused'));
        self::assertNull($this->hook('EmailPreSend', ['messagename' => 'Service Suspended'] + self::WELCOME));
        self::assertNull($this->hook('EmailPreSend', ['messagename' => 'Invoice Created'] + self::WELCOME));
        self::assertSame([], $this->bridge->requests);
    }

    public function testAReminderWithTheExpiryIsFilledAndNeverHeldBack(): void
    {
        $this->shop->add('tblemailtemplates', ['type' => 'product', 'name' => 'Reminder', 'subject' => 'Soon',
            'message' => '{$service_username} ends {$panelbridge_expires}']);
        $reminder = ['messagename' => 'Reminder'] + self::WELCOME;
        self::assertSame('2026-12-20 13:00 UTC', $this->hook('EmailPreSend', $reminder)['panelbridge_expires']);
        $this->bridge->answer('Account', TransportError::unreachable('refused'));
        self::assertNull($this->hook('EmailPreSend', $reminder));
    }

    public function testAWelcomeMailThatNamesNoFieldIsHeldBackToo(): void
    {
        $this->shop->change('tblemailtemplates', 11, ['message' => 'Welcome! See your account page.']);
        $this->bridge->answer('Account', FakeBridge::success(['account' => null]));
        self::assertSame(['abortsend' => true], $this->hook('EmailPreSend', self::WELCOME));
    }

    public function testEmailCredentialsSendsTheProductsMailAfterWritingThem(): void
    {
        $params = $this->shop->params();
        self::assertSame('success', $this->call('EmailCredentials', $params));
        self::assertSame('Kp4wZr8TqM', $params['model']->serviceProperties->saved['Password']);
        $sent = ['action' => 'SendEmail', 'messagename' => 'Panel Welcome', 'id' => 501];
        self::assertSame([$sent], Captured::$localCalls);
    }

    public function testWithoutAWelcomeMailOurOwnTextIsSent(): void
    {
        $this->shop->change('tblproducts', 7, ['welcomeemail' => 0]);
        self::assertSame('success', $this->call('EmailCredentials', $this->shop->params()));
        self::assertStringContainsString('{$panelbridge_password}', Captured::$localCalls[0]['custommessage']);
        $custom = ['messagename' => 'Custom', 'relid' => 501, 'mergefields' => ['service_id' => '501']];
        self::assertSame('Kp4wZr8TqM', $this->hook('EmailPreSend', $custom)['panelbridge_password']);
        self::assertNull($this->hook('EmailPreSend', ['mergefields' => ['client_id' => '501']] + $custom));
    }

    public function testNoCredentialsNoMail(): void
    {
        $this->bridge->answer('Account', FakeBridge::success(['account' => null]));
        self::assertFailureText($this->call('EmailCredentials', $this->shop->params()));
        self::assertSame([], Captured::$localCalls);
    }
}
