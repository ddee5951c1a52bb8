<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Module\Server\Panelbridge\Redactor;
use WHMCS\Module\Server\Panelbridge\Wire\Reply;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** Key, passwords and MAC appear in no log and in no text, in no spelling, however a call ends. */
final class SecretsTest extends ModuleTestCase
{
    private const GIVEN = 'Bridge>Made"Pw/77&';
    private const FUNCTIONS = [
        'CreateAccount', 'SuspendAccount', 'UnsuspendAccount', 'TerminateAccount', 'Renew', 'ChangePassword',
        'ChangePackage', 'Refresh', 'ResetCredentials', 'EmailCredentials', 'Retry', 'Adopt', 'TestConnection',
        'ListAccounts', 'AdminServicesTabFields',
    ];

    /** @dataProvider endings */
    public function testNoSecretIsLoggedOrTold(string $function, Reply|TransportError $answer): void
    {
        $this->bridge->answer('*', $answer);
        $params = $this->shop->params();
        $told = var_export($this->call($function, $params), true) . Captured::logged();
        $secrets = [Shop::KEY, Shop::PASSWORD, self::GIVEN, '00:1A:79:CA:FE:01'];
        foreach ($secrets as $secret) {
            foreach (self::spellings($secret) as $spelling) {
                self::assertStringNotContainsString($spelling, $told, $function);
            }
        }
        self::assertNotSame([], Captured::$moduleCalls);
        foreach (Captured::$moduleCalls as $call) {
            self::assertContains(Shop::KEY, $call['masks']);
            self::assertSame([], array_filter($call['masks'], static fn (string $mask): bool => strlen($mask) < 4));
        }
    }

    public static function endings(): iterable
    {
        $account = FakeBridge::account(['password' => self::GIVEN]);
        // The bridge must never say a secret; should it, the module still does not pass it on.
        $leak = implode(' ', [Shop::KEY, Shop::PASSWORD, '00:1A:79:CA:FE:01', rawurlencode(Shop::PASSWORD)]);
        $both = $leak . ' ' . self::GIVEN;
        $answers = [
            'success' => FakeBridge::success(['account' => $account, 'message' => $both]),
            'pending' => FakeBridge::pending($leak),
            'error' => FakeBridge::problem(409, 'refused', $both, ['advice' => $both, 'account' => $account]),
            'foreign' => new Reply(502, 'text/html', $leak),
            'time-out' => TransportError::unanswered('timed out: ' . $leak),
        ];
        foreach (self::FUNCTIONS as $function) {
            foreach ($answers as $name => $answer) {
                yield "$function: $name" => [$function, $answer];
            }
        }
    }

    public function testAMaskCoversTheValueInsideALongerBase64Text(): void
    {
        Redactor::learn(Shop::PASSWORD);
        foreach (['', 'a', 'ab', 'abc'] as $before) {
            $encoded = base64_encode($before . Shop::PASSWORD . 'xyz');
            self::assertStringContainsString('[hidden]', Redactor::clean($encoded));
        }
    }

    public function testShortValuesAreNoMasks(): void
    {
        Redactor::learn('abc', '');
        self::assertSame([], Redactor::masks());
    }

    public function testTheServerRecordDoesNotShowItsKeyInADump(): void
    {
        $params = \WHMCS\Module\Server\Panelbridge\Params::of(Shop::serverKeys());
        $server = \WHMCS\Module\Server\Panelbridge\Server::fromParams($params);
        self::assertStringNotContainsString(Shop::KEY, print_r($server, true));
    }

    /** @return list<string> */
    private static function spellings(string $secret): array
    {
        return [
            $secret, rawurlencode($secret), urlencode($secret), trim((string) json_encode($secret), '"'),
            base64_encode($secret), htmlspecialchars($secret, ENT_QUOTES),
        ];
    }
}
