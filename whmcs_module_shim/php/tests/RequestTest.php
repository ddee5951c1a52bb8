<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\Wire\Request;

/** What leaves for the bridge: headers, allow-listed members, decoded text. */
final class RequestTest extends ModuleTestCase
{
    public function testTheHeadersOfTheContract(): void
    {
        $this->call('SuspendAccount', $this->shop->params());
        $request = $this->bridge->requests[0];
        self::assertSame('https://127.0.0.1:8443/v1/whmcs/SuspendAccount', $request->url);
        $installation = $request->headers['Panelbridge-Installation'];
        self::assertMatchesRegularExpression('/^[0-9a-f]{32}$/', $installation);
        self::assertSame([
            'Authorization' => 'Bearer ' . Shop::KEY,
            'Panelbridge-Mode' => 'test',
            'Panelbridge-System-Url' => 'https://shop.example.test/',
            'Panelbridge-Installation' => $installation,
            'Panelbridge-Deadline' => '10',
            'Panelbridge-Module' => '0.1.0',
            'Panelbridge-Whmcs' => '8.13.1-release.1',
            'Panelbridge-Time' => (string) self::NOW,
            'Content-Type' => 'application/json',
        ], array_diff_key($request->headers, ['Accept' => 1, 'User-Agent' => 1]));
    }

    public function testTheModuleConnectsWithinThreeSecondsAndWaitsTwoLongerThanTheDeadline(): void
    {
        $this->call('SuspendAccount', $this->shop->params());
        self::assertSame([3.0, 12.0], self::times($this->bridge->requests[0]));
        $this->call('ClientArea', $this->shop->params());
        self::assertSame([3.0, 6.0], self::times($this->bridge->requests[1]));
        self::assertSame('4', $this->bridge->requests[1]->headers['Panelbridge-Deadline']);
    }

    public function testTheInstallationIdIsMadeOnceAndKept(): void
    {
        $this->call('SuspendAccount', $this->shop->params());
        $this->call('UnsuspendAccount', $this->shop->params());
        [$first, $second] = $this->bridge->requests;
        self::assertSame($first->headers['Panelbridge-Installation'], $second->headers['Panelbridge-Installation']);
    }

    public function testTheBodyHoldsTheAllowListedMembersOnly(): void
    {
        $params = $this->shop->params(['suspendreason' => 'Abuse', 'notes' => 'x', 'configoption9' => 'y']);
        $this->call('SuspendAccount', $params);
        self::assertEqualsCanonicalizing([
            'suspendreason', 'serviceid', 'userid', 'pid', 'serverid', 'status', 'username', 'qty', 'billingcycle',
            'nextduedate', 'regdate', 'configoption1', 'configoption3', 'configoptions', 'customfields', 'call',
        ], array_keys($this->bridge->body('SuspendAccount')));
    }

    public function testTheMembersHaveTheTypesOfTheContract(): void
    {
        $this->asAdmin();
        $params = $this->shop->params(['serviceid' => '501', 'userid' => '42', 'pid' => '7', 'serverid' => '3']);
        $this->call('CreateAccount', $params);
        $body = $this->bridge->body('CreateAccount');
        self::assertSame([501, 42, 7, 3, 1], [
            $body['serviceid'], $body['userid'], $body['pid'], $body['serverid'], $body['qty'],
        ]);
        self::assertSame(['Connections' => '2'], $body['configoptions']);
        self::assertSame(['Device MAC' => '00:1A:79:CA:FE:01'], $body['customfields']);
        $cycle = [$body['billingcycle'], $body['nextduedate'], $body['regdate']];
        self::assertSame(['Monthly', '2026-12-20', '2026-11-20'], $cycle);
        self::assertSame(['actor' => 'admin:3'], $body['call']);
        self::assertArrayNotHasKey('password', $body);
    }

    public function testWhatTheModelLacksIsReadFromTheTable(): void
    {
        $params = $this->shop->params(['model' => null]);
        unset($params['status']);
        $this->call('TerminateAccount', $params);
        $body = $this->bridge->body('TerminateAccount');
        self::assertSame(['Monthly', 'Active'], [$body['billingcycle'], $body['status']]);
    }

    public function testWithoutAReasonTheBridgeDecides(): void
    {
        $this->call('SuspendAccount', $this->shop->params());
        self::assertArrayNotHasKey('suspendreason', $this->bridge->body('SuspendAccount'));
    }

    public function testConnectionsLabelledInWordsAreCounted(): void
    {
        foreach (['3 connections' => '3', '4' => '4', 'many' => 'many'] as $choice => $sent) {
            $params = $this->shop->params(['configoptions' => ['Connections' => $choice]]);
            $this->call('ChangePackage', $params);
            self::assertSame($sent, $this->bridge->body('ChangePackage')['configoptions']['Connections']);
        }
    }

    public function testTheLogHoldsWhatIsAllowListedOnly(): void
    {
        $this->asAdmin();
        $this->call('ResetCredentials', $this->shop->params(['domain' => 'canary.example.test']));
        $request = json_decode(Captured::$moduleCalls[0]['request'], true);
        self::assertSame(['with_password', 'actor'], array_keys($request['call']));
        self::assertSame([], array_intersect(['domain', 'customfields', 'configoptions'], array_keys($request)));
        self::assertStringNotContainsString('canary', Captured::logged());
    }

    public function testAZeroDateIsLeftOut(): void
    {
        $params = $this->shop->params();
        $params['model']->nextduedate = '0000-00-00';
        $params['model']->regdate = '0000-00-00 00:00:00';
        $this->call('TerminateAccount', $params);
        $body = $this->bridge->body('TerminateAccount');
        self::assertSame([], array_intersect(['nextduedate', 'regdate'], array_keys($body)));
    }

    /** @dataProvider reasons */
    public function testTheSuspendReason(string $given, string $sent): void
    {
        $this->call('SuspendAccount', $this->shop->params(['suspendreason' => $given]));
        self::assertSame($sent, $this->bridge->body('SuspendAccount')['suspendreason']);
    }

    public static function reasons(): iterable
    {
        yield 'WHMCS\'s own' => ['Overdue on Payment', 'Overdue on Payment'];
        yield 'a person\'s' => ['Spam &amp; abuse', 'Spam & abuse'];
        yield 'WHMCS\'s own, translated' => ['Zahlung &uuml;berf&auml;llig', 'Overdue on Payment'];
    }

    protected function setUp(): void
    {
        parent::setUp();
        $GLOBALS['_LANG'] = ['suspendreasonoverdue' => 'Zahlung &uuml;berf&auml;llig'];
    }

    /** @dataProvider passwords */
    public function testAPasswordIsDecodedExactlyOnce(string $inParams, string $sent): void
    {
        $this->call('ChangePassword', $this->shop->params(['password' => $inParams]));
        self::assertSame($sent, $this->bridge->body('ChangePassword')['password']);
    }

    public static function passwords(): iterable
    {
        yield 'encoded' => ['a&lt;b&amp;c&quot;d&#039;e', 'a<b&c"d\'e'];
        yield 'an entity that was typed' => ['&amp;lt;', '&lt;'];
        yield 'twice encoded stays once' => ['&amp;amp;lt;', '&amp;lt;'];
        yield 'not encoded at all' => ['a<b&lt;c', 'a<b&lt;c'];
        yield 'a bare ampersand' => ['R&D&lt;', 'R&D&lt;'];
        yield 'other entities are text' => ['a&amp;euro;b', 'a&euro;b'];
        yield 'spaces stay' => [' pass word ', ' pass word '];
        yield 'umlauts' => ['Füße77', 'Füße77'];
        foreach (['&lt;', '<>"\'&', 'x&amp;lt;y', '&amp;amp;'] as $typed) {
            yield "round trip of $typed" => [htmlspecialchars($typed, ENT_QUOTES), $typed];
        }
    }

    public function testAnEmptyPasswordIsRefusedHere(): void
    {
        self::assertFailureText($this->call('ChangePassword', $this->shop->params(['password' => ''])));
        self::assertSame([], $this->bridge->requests);
    }

    public function testTextThatIsNoUtf8IsRefusedHere(): void
    {
        self::assertFailureText($this->call('ChangePassword', $this->shop->params(['password' => "\xff\xfe77"])));
        self::assertSame([], $this->bridge->requests);
    }

    public function testAClientSeesNoAddressesWhenItsPasswordChangeFails(): void
    {
        $_SESSION['uid'] = 42;
        $this->bridge->answer('ChangePassword', \WHMCS\Module\Server\Panelbridge\Wire\TransportError::unreachable('x'));
        $told = $this->call('ChangePassword', $this->shop->params());
        self::assertFailureText($told);
        self::assertStringNotContainsString('127.0.0.1', $told);
        $rule = ['customer' => 'Please choose a password of 8 to 32 characters.'];
        $this->bridge->answer('ChangePassword', FakeBridge::problem(422, 'password_rule', 'Matching [a-z]+.', $rule));
        $expected = 'The password was not changed. Please choose a password of 8 to 32 characters. (request req-7)';
        self::assertSame($expected, $this->call('ChangePassword', $this->shop->params()));
    }

    public function testTheActorIsTold(): void
    {
        $this->call('Refresh', $this->shop->params());
        self::assertSame('cron', $this->bridge->body('Account')['call']['actor']);
        $_SESSION['uid'] = 42;
        $this->call('Refresh', $this->shop->params());
        self::assertSame('client:42', $this->bridge->body('Account')['call']['actor']);
        $this->asAdmin();
        $this->call('Refresh', $this->shop->params());
        self::assertSame('admin:3', $this->bridge->body('Account')['call']['actor']);
    }

    /** @return array{float, float} */
    private static function times(Request $request): array
    {
        return [$request->connectWithin, $request->answerWithin];
    }
}
