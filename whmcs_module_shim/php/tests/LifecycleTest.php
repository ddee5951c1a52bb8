<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\Wire\Reply;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** Every lifecycle function against every kind of answer: exactly `success`, or a text that helps. */
final class LifecycleTest extends ModuleTestCase
{
    private const FUNCTIONS = [
        'CreateAccount', 'SuspendAccount', 'UnsuspendAccount', 'TerminateAccount', 'Renew', 'ChangePassword',
        'ChangePackage',
    ];

    /** @dataProvider failures */
    public function testAnythingButSuccessOrPendingIsAText(string $function, Reply|TransportError $answer): void
    {
        $this->bridge->answer($function, $answer);
        self::assertFailureText($this->call($function, $this->shop->params()));
        self::assertSame([$function], $this->bridge->called());
    }

    public static function failures(): iterable
    {
        $problem = static fn (int $status, string $code): Reply =>
            FakeBridge::problem($status, $code, 'It was refused.');
        $answers = [
            '400' => $problem(400, 'invalid_request'),
            '401' => $problem(401, 'unauthorized'),
            '402' => $problem(402, 'insufficient_credit'),
            '404' => $problem(404, 'service_unknown'),
            '409 exists' => $problem(409, 'username_taken'),
            '409 credit' => $problem(409, 'insufficient_credit'),
            '409 stale' => $problem(409, 'stale'),
            '423' => $problem(423, 'attention'),
            '429' => $problem(429, 'overloaded'),
            '500' => $problem(500, 'internal'),
            '503' => $problem(503, 'overloaded'),
            '502 of a proxy' => new Reply(502, 'text/html', '<html>Bad gateway</html>'),
            'malformed' => new Reply(200, 'application/json', '{"result": "succ'),
            'empty' => new Reply(200, 'application/json', ''),
            'a list' => new Reply(200, 'application/json', '["success"]'),
            'upper case' => FakeBridge::reply(200, ['result' => 'SUCCESS']),
            'result true' => FakeBridge::reply(200, ['result' => true]),
            'success with 500' => FakeBridge::reply(500, ['result' => 'success']),
            'success with 202' => FakeBridge::reply(202, ['result' => 'success']),
            'error with 200' => FakeBridge::reply(200, ['result' => 'error', 'message' => 'no']),
            'error without a word' => FakeBridge::reply(409, ['result' => 'error']),
            'error that says success' => FakeBridge::reply(409, ['result' => 'error', 'message' => 'success']),
            'redirect' => new Reply(302, 'text/html', ''),
            'connect time-out' => TransportError::unreachable('Connection timed out after 3000 milliseconds'),
            'read time-out' => TransportError::unanswered('Operation timed out after 12000 milliseconds'),
            'TLS' => TransportError::untrusted('SSL certificate problem: self-signed certificate'),
        ];
        foreach (self::FUNCTIONS as $function) {
            foreach ($answers as $name => $answer) {
                yield "$function: $name" => [$function, $answer];
            }
        }
    }

    /** @dataProvider functions */
    public function testSuccessIsTheExactWord(string $function): void
    {
        self::assertSame('success', $this->call($function, $this->shop->params()));
    }

    public static function functions(): iterable
    {
        foreach (self::FUNCTIONS as $function) {
            yield $function => [$function];
        }
    }

    /** @dataProvider functions */
    public function testThePendingTable(string $function): void
    {
        $this->bridge->answer($function, FakeBridge::pending());
        $params = $this->shop->params();
        $told = $this->call($function, $params);
        if ($function === 'Renew') {
            self::assertSame('success', $told);
            return;
        }
        self::assertFailureText($told);
        self::assertSame([], $params['model']->serviceProperties->saved);
        if ($function !== 'ChangePassword') {
            self::assertStringStartsWith('In progress, nothing to do', $told);
            self::assertStringContainsString('operation 17', $told);
        }
    }

    public function testTheTextSaysWhatWhyWhatToDoAndTheRequest(): void
    {
        $problem = FakeBridge::problem(409, 'insufficient_credit', 'Credits: 0, needed: 1.5.', ['retry_safe' => false]);
        $this->bridge->answer('CreateAccount', $problem);
        self::assertSame(
            'Create failed: Credits: 0, needed: 1.5. Mend it. Do not repeat before this is solved. (request req-7)',
            $this->call('CreateAccount', $this->shop->params())
        );
    }

    public function testABadFieldIsNamed(): void
    {
        $problem = FakeBridge::problem(422, 'mac_rule', 'That is no MAC.', ['field' => 'customfields.Device MAC']);
        $this->bridge->answer('CreateAccount', $problem);
        self::assertStringContainsString('Device MAC', $this->call('CreateAccount', $this->shop->params()));
    }

    public function testCreateWritesTheCredentialsBeforeItSucceeds(): void
    {
        $params = $this->shop->params();
        self::assertSame('success', $this->call('CreateAccount', $params));
        $expected = ['Username' => 'pb501k7m2qx', 'Password' => 'Kp4wZr8TqM'];
        self::assertSame($expected, $params['model']->serviceProperties->saved);
    }

    public function testCreateWithoutCredentialsInTheAnswerIsNoSuccess(): void
    {
        $this->bridge->answer('CreateAccount', FakeBridge::success(['account' => null]));
        self::assertFailureText($this->call('CreateAccount', $this->shop->params()));
    }

    public function testCreateIsNoSuccessWhenWhmcsDoesNotTakeTheCredentials(): void
    {
        $params = $this->shop->params();
        $params['model']->serviceProperties->refuses = new \RuntimeException('table is locked');
        $told = $this->call('CreateAccount', $params);
        self::assertFailureText($told);
        self::assertStringContainsString('Safe to run again', $told);
    }

    public function testRepeatingIsOfferedOnlyWhereItCanHelp(): void
    {
        $this->bridge->answer('CreateAccount', FakeBridge::problem(422, 'plan_unknown', 'There is no plan gold.'));
        $wrong = $this->call('CreateAccount', $this->shop->params());
        self::assertFailureText($wrong);
        self::assertStringNotContainsString('Safe to run again', $wrong);
        $this->bridge->answer('CreateAccount', FakeBridge::problem(409, 'panel_unreachable', 'The panel is down.'));
        self::assertStringContainsString('Safe to run again', $this->call('CreateAccount', $this->shop->params()));
    }

    /** @dataProvider functions */
    public function testAnAddonIsRefusedByNameBeforeAnyRequest(string $function): void
    {
        $told = $this->call($function, $this->shop->params(['addonId' => '9']));
        self::assertStringContainsString('addon_unsupported', $told);
        $told = $this->call($function, $this->shop->params(['model' => new \WHMCS\Service\Addon()]));
        self::assertStringContainsString('addon_unsupported', $told);
        self::assertSame([], $this->bridge->requests);
    }

    /** @dataProvider functions */
    public function testAQuantityIsRefusedByNameBeforeAnyRequest(string $function): void
    {
        $params = $this->shop->params();
        $params['model']->qty = 2;
        self::assertStringContainsString('quantity_unsupported', $this->call($function, $params));
        self::assertSame([], $this->bridge->requests);
    }

    public function testTheServerRecordIsNamedWhenItCannotBeUsed(): void
    {
        $wrong = [
            'serverhostname' => ['https://bridge.example.test/x', 'hostname'],
            'serverusername' => ['admin', 'live'],
            'serverpassword' => ['', 'API key'],
        ];
        foreach ($wrong as $key => [$value, $word]) {
            $told = $this->call('CreateAccount', $this->shop->params([$key => $value]));
            self::assertStringContainsString($word, $told);
        }
        self::assertSame([], $this->bridge->requests);
    }

    public function testAnErrorInTheModuleItselfIsATextToo(): void
    {
        $this->bridge->answer('SuspendAccount', static function (): never {
            throw new \TypeError('secret detail');
        });
        $told = $this->call('SuspendAccount', $this->shop->params());
        self::assertFailureText($told);
        self::assertStringNotContainsString('secret detail', $told . Captured::logged());
    }
}
