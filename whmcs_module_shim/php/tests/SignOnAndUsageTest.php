<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** Ways into the panel, and what its accounts use. */
final class SignOnAndUsageTest extends ModuleTestCase
{
    private const URL = 'https://panel.example.test/login/Canary-one-time-77';

    public function testAClickIsSentToAFreshAddressThatStaysOutOfTheLogs(): void
    {
        $this->bridge->answer('ServiceSignOn', FakeBridge::withData(['url' => self::URL, 'expires_at' => null]));
        self::assertSame(
            ['success' => true, 'redirectTo' => self::URL],
            panelbridge_ServiceSingleSignOn($this->shop->params())
        );
        self::assertSame(501, $this->bridge->body('ServiceSignOn')['serviceid']);
        self::assertStringNotContainsString('Canary-one-time-77', Captured::logged());
    }

    /** @dataProvider addresses */
    public function testNobodyIsSentToAnAddressThatIsNone(mixed $url, bool $inTestMode): void
    {
        $this->bridge->answer('*', FakeBridge::withData(['url' => $url]));
        $live = ['serverusername' => 'live'];
        self::assertFalse(panelbridge_ServiceSingleSignOn($this->shop->params($live))['success']);
        self::assertFalse(panelbridge_AdminSingleSignOn($live + Shop::serverKeys())['success']);
        self::assertSame($inTestMode, panelbridge_AdminSingleSignOn(Shop::serverKeys())['success']);
    }

    public static function addresses(): iterable
    {
        yield 'a practice panel has no TLS' => ['http://127.0.0.1:8070/login/x', true];
        yield 'a script' => ['javascript:alert(1)', false];
        yield 'another host hidden behind an at sign' => ['https://panel.example.test@evil.test/x', false];
        yield 'a header of its own' => ["https://panel.example.test/x\r\nSet-Cookie: a=b", false];
        yield 'a place on this shop' => ['/admin/', false];
        yield 'nothing' => [null, false];
    }

    public function testTheClientIsToldNoReasonAndStaffIs(): void
    {
        $problem = FakeBridge::problem(422, 'sign_on_unsupported', 'Panel main has no single sign-on.');
        $this->bridge->answer('ServiceSignOn', $problem);
        $client = panelbridge_ServiceSingleSignOn($this->shop->params())['errorMsg'];
        $this->asAdmin();
        $staff = panelbridge_ServiceSingleSignOn($this->shop->params())['errorMsg'];
        self::assertStringNotContainsString('main', $client);
        self::assertFailureText($client);
        self::assertStringContainsString('Panel main has no single sign-on.', $staff);
    }

    public function testTheServerListLinksToThePanelsAndSurvivesASilentBridge(): void
    {
        $links = [
            ['panel' => 'main "<b>', 'url' => 'https://panel.example.test/?a=1&b=2'],
            ['panel' => 'bad', 'url' => 'javascript:alert(1)'],
        ];
        $this->bridge->answer('PanelLinks', FakeBridge::withData(['links' => $links]));
        self::assertSame(
            '<a href="https://panel.example.test/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">'
            . 'main &quot;&lt;b&gt;</a>',
            panelbridge_AdminLink(Shop::serverKeys())
        );
        $this->bridge->answer('PanelLinks', TransportError::unreachable('refused'));
        self::assertSame('', panelbridge_AdminLink(Shop::serverKeys()));
    }

    public function testUsageIsWrittenInMegabytesWhereThePanelTellsIt(): void
    {
        $before = ['diskusage' => 7, 'disklimit' => 8, 'bwusage' => 9, 'bwlimit' => 10, 'lastupdate' => ''];
        $this->shop->change('tblhosting', 501, $before);
        $this->usage([$this->used(['disk_bytes' => 5 * 1048576 + 1, 'disk_limit_bytes' => null])]);
        self::assertNull(panelbridge_UsageUpdate(Shop::serverKeys()));
        $row = (array) Capsule::table('tblhosting')->where('id', 501)->first();
        self::assertSame([6, 0, 9, 10], [
            (int) $row['diskusage'], (int) $row['disklimit'], (int) $row['bwusage'], (int) $row['bwlimit'],
        ]);
        self::assertSame(date('Y-m-d H:i:s', self::NOW), $row['lastupdate']);
    }

    public function testUsageTouchesOnlyServicesOfThatServer(): void
    {
        $this->usage([$this->used(['disk_bytes' => 1048576])]);
        panelbridge_UsageUpdate(['serverid' => 4] + Shop::serverKeys());
        self::assertNull(Capsule::table('tblhosting')->where('id', 501)->value('lastupdate'));
    }

    public function testAPanelThatCouldNotBeReadIsToldAndWritesNothing(): void
    {
        $failed = [['panel' => 'main', 'message' => 'the panel answered 502', 'advice' => 'Wait.']];
        $this->bridge->answer('Usage', FakeBridge::withData(['usage' => [], 'failed' => $failed]));
        panelbridge_UsageUpdate(Shop::serverKeys());
        self::assertNull(Capsule::table('tblhosting')->where('id', 501)->value('lastupdate'));
        self::assertStringContainsString('the panel answered 502', implode(' ', Captured::$activity));
    }

    public function testASilentBridgeIsTold(): void
    {
        $this->bridge->answer('Usage', TransportError::unanswered('timed out'));
        self::assertFailureText(panelbridge_UsageUpdate(Shop::serverKeys()));
        self::assertNotSame([], Captured::$activity);
    }

    public function testMetricsArePricedWithoutAServerAndReadWithOne(): void
    {
        $names = static fn (array $metrics): array => array_map(static fn (object $one): array => [
            $one->systemName, $one->type,
        ], $metrics);
        $expected = [['disk', 'snapshot'], ['connections', 'snapshot']];
        self::assertSame($expected, $names(panelbridge_MetricProvider()->metrics()));
        self::assertSame([], $this->bridge->requests);
        $this->usage([$this->used(['disk_bytes' => 1572864]), $this->used([], 'pb777')]);
        $usage = panelbridge_MetricProvider(Shop::serverKeys())->usage();
        self::assertSame(['pb501k7m2qx'], array_keys($usage));
        $values = array_map(static fn (object $one): mixed => $one->usage()->value, $usage['pb501k7m2qx']);
        self::assertSame([1.5], $values);
        self::assertSame([], panelbridge_MetricProvider(Shop::serverKeys())->tenantUsage('pb777'));
    }

    public function testNoReadingIsNeverAReadingOfZero(): void
    {
        $this->bridge->answer('Usage', TransportError::unreachable('refused'));
        self::assertSame([], panelbridge_MetricProvider(Shop::serverKeys())->usage());
    }

    public function testTheClientsPageLinksToSingleSignOnWhereThePanelHasIt(): void
    {
        foreach ([true, false] as $able) {
            $_SESSION = [];
            $this->bridge->answer('Account', FakeBridge::success(['data' => ['sign_on' => $able]]));
            $page = panelbridge_ClientArea($this->shop->params());
            self::assertSame($able, $page['templateVariables']['panelbridge']['account']['may_sign_on']);
        }
    }

    public function testCreateTellsTheCustomersAddressAndTheLogDoesNot(): void
    {
        $client = ['clientsdetails' => ['email' => 'o&#039;neil@example.test']];
        panelbridge_CreateAccount($this->shop->params($client));
        self::assertSame("o'neil@example.test", $this->bridge->body('CreateAccount')['email']);
        self::assertStringNotContainsString('neil@example', Captured::logged());
    }

    /** @param list<array<string, mixed>> $usage */
    private function usage(array $usage): void
    {
        $this->bridge->answer('Usage', FakeBridge::withData(['usage' => $usage, 'failed' => []]));
    }

    /**
     * @param array<string, int|null> $known
     * @return array<string, mixed>
     */
    private function used(array $known, string $username = 'pb501k7m2qx'): array
    {
        return ['serviceid' => 501, 'username' => $username] + $known + [
            'disk_bytes' => null, 'disk_limit_bytes' => null, 'traffic_bytes' => null,
            'traffic_limit_bytes' => null, 'connections' => null,
        ];
    }

    public function testACustomerOfAPanelWithoutSignOnIsNotToldToTryAgain(): void
    {
        $_SESSION['uid'] = 42;
        $this->bridge->answer('ServiceSignOn', FakeBridge::problem(422, 'sign_on_unsupported', 'No sign-on here.'));
        $told = panelbridge_ServiceSingleSignOn($this->shop->params())['errorMsg'];
        self::assertStringNotContainsString('try again', $told);
        self::assertStringContainsString('user name and password', $told);
    }
}
