<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use ReflectionProperty;
use WHMCS\Module\Server\Panelbridge\HookList;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;

/** Test Connection and Sync: green and complete, or red with what to do. */
final class ServerPagesTest extends ModuleTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->hooksAre(true);
        $this->checks([['name' => 'key', 'ok' => true, 'message' => '', 'remedy' => '']]);
    }

    public function testGreen(): void
    {
        self::assertSame(['success' => true, 'error' => ''], panelbridge_TestConnection(Shop::serverKeys()));
        $body = $this->bridge->body('TestConnection');
        self::assertTrue($body['hooks_detected']);
        $told = ['pid' => 7, 'plan' => 'gold', 'cycles' => ['Monthly', 'Annually']];
        self::assertSame([$told], array_map(
            static fn (array $product): array => array_intersect_key($product, $told),
            $body['products']
        ));
    }

    public function testWhatAProductDecidesIsSentToBeChecked(): void
    {
        $this->shop->change('tblproducts', 7, ['configoption2' => '2', 'showdomainoptions' => 1]);
        $this->shop->add('tblproductconfiglinks', ['gid' => 6, 'pid' => 7]);
        $this->shop->add('tblproductconfigoptions', ['id' => 33, 'gid' => 6, 'optionname' => 'Connections|Streams',
            'optiontype' => 1]);
        foreach (['2|Two', '3.5|Three and a half', 'abc', '4 connections'] as $choice) {
            $this->shop->add('tblproductconfigoptionssub', ['configid' => 33, 'optionname' => $choice]);
        }
        panelbridge_TestConnection(Shop::serverKeys());
        $product = $this->bridge->body('TestConnection')['products'][0];
        self::assertSame('2', $product['connections'] ?? null);
        self::assertSame(['2', '3.5', 'abc', '4'], $product['choices'] ?? null);
        self::assertTrue($product['requires_domain'] ?? null);
    }

    public function testTheBoundsOfAQuantityAreSent(): void
    {
        $this->shop->add('tblproductconfiglinks', ['gid' => 5, 'pid' => 7]);
        $this->shop->change('tblproductconfigoptions', 31, ['qtyminimum' => 0, 'qtymaximum' => 5]);
        panelbridge_TestConnection(Shop::serverKeys());
        self::assertSame(['1', '5'], $this->bridge->body('TestConnection')['products'][0]['choices'] ?? null);
    }

    public function testAProductIsNamedAsTheShopNamesIt(): void
    {
        $check = ['name' => 'product 7', 'ok' => false, 'message' => 'There is no plan.', 'remedy' => 'Choose.'];
        $this->checks([$check]);
        self::assertStringContainsString('TV Gold', panelbridge_TestConnection(Shop::serverKeys())['error']);
    }

    public function testProrataBillingIsRefusedByName(): void
    {
        $this->shop->change('tblproducts', 7, ['proratabilling' => 1]);
        $told = panelbridge_TestConnection(Shop::serverKeys());
        self::assertFalse($told['success']);
        self::assertStringContainsString('TV Gold', $told['error']);
        self::assertStringContainsString('Untick Prorata Billing', $told['error']);
    }

    public function testBeforeAProductUsesTheModuleItsHooksCannotBeMissing(): void
    {
        $this->hooksAre(false);
        \WHMCS\Database\Capsule::table('tblproducts')->where('servertype', 'panelbridge')->delete();
        self::assertSame(['success' => true, 'error' => ''], panelbridge_TestConnection(Shop::serverKeys()));
        self::assertTrue($this->bridge->body('TestConnection')['hooks_detected']);
    }

    public function testEveryFailedCheckIsToldWithItsRemedyAndTheCallersAddress(): void
    {
        $this->checks([
            ['name' => 'panel', 'ok' => false, 'message' => 'Panel main does not answer', 'remedy' => 'Start it.'],
            ['name' => 'clock', 'ok' => false, 'message' => 'The clocks differ by 90 s.', 'remedy' => 'Use NTP.'],
            ['name' => 'key', 'ok' => true, 'message' => 'fine', 'remedy' => ''],
        ]);
        self::assertSame([
            'success' => false,
            'error' => 'Panel main does not answer. Start it. The clocks differ by 90 s. Use NTP.'
                . ' The bridge sees this WHMCS as 203.0.113.9. (request req-7)',
        ], panelbridge_TestConnection(Shop::serverKeys()));
    }

    public function testHooksThatWereNotDetectedAreToldWithTheWayToMendIt(): void
    {
        $this->hooksAre(false);
        $told = panelbridge_TestConnection(Shop::serverKeys());
        self::assertFalse($told['success']);
        self::assertStringContainsString('Open Module Settings', $told['error']);
        self::assertFalse($this->bridge->body('TestConnection')['hooks_detected']);
    }

    public function testAnAnswerWithoutChecksIsNotGreen(): void
    {
        $this->checks([]);
        self::assertFalse(panelbridge_TestConnection(Shop::serverKeys())['success']);
    }

    public function testAKeyMustNotCrossAnOpenNetworkInClearText(): void
    {
        $hosts = ['bridge.example.test' => false, '8.8.8.8' => false, '10.0.0.7' => true, '127.0.0.1' => true];
        foreach ($hosts as $host => $ok) {
            $keys = ['serversecure' => '', 'serverhttpprefix' => 'http', 'serverhostname' => $host];
            self::assertSame($ok, panelbridge_TestConnection($keys + Shop::serverKeys())['success'], (string) $host);
        }
    }

    public function testEveryFailureIsRedAndReadable(): void
    {
        $answers = [
            FakeBridge::problem(401, 'unauthorized', 'The key is unknown.'),
            FakeBridge::problem(403, 'mode_mismatch', 'A live key with mode test.'),
            TransportError::unreachable('refused'),
            TransportError::untrusted('self-signed'),
            new \WHMCS\Module\Server\Panelbridge\Wire\Reply(200, 'text/html', '<html>'),
        ];
        foreach ($answers as $answer) {
            $this->bridge->answer('TestConnection', $answer);
            $told = panelbridge_TestConnection(Shop::serverKeys());
            self::assertFalse($told['success']);
            self::assertFailureText($told['error']);
        }
    }

    public function testAllPagesOfTheListAreJoined(): void
    {
        $this->pages([null => [['serviceid' => 501, 'username' => 'pb501k7m2qx', 'domain' => '', 'plan' => 'gold',
            'created' => '2026-11-20T13:00:00Z', 'status' => 'active']], 'p2' => [['serviceid' => 777,
            'username' => 'pb777', 'domain' => '', 'plan' => 'iron', 'created' => '2026-11-21T13:00:00Z',
            'status' => 'suspended']]]);
        $list = panelbridge_ListAccounts(Shop::serverKeys());
        self::assertTrue($list['success']);
        self::assertSame(['pb501k7m2qx', 'pb777'], array_column($list['accounts'], 'uniqueIdentifier'));
        self::assertSame([
            'email' => 'ana@example.test', 'username' => 'pb501k7m2qx', 'domain' => '',
            'uniqueIdentifier' => 'pb501k7m2qx', 'product' => 'gold', 'primaryip' => '',
            'created' => date('Y-m-d H:i:s', 1795179600), 'status' => 'Active',
        ], $list['accounts'][0]);
        self::assertSame('Suspended', $list['accounts'][1]['status']);
    }

    public function testAnEmptyListIsAList(): void
    {
        $this->pages([null => []]);
        $list = ['success' => true, 'accounts' => []];
        self::assertSame($list, panelbridge_ListAccounts(Shop::serverKeys()));
    }

    /** @dataProvider shortLists */
    public function testAShortListIsAnErrorNeverAList(array $first, mixed $second): void
    {
        $this->bridge->answer('ListAccounts', static fn (array $body): mixed =>
            $body['cursor'] === null ? FakeBridge::withData($first) : self::orThrow($second));
        $list = panelbridge_ListAccounts(Shop::serverKeys());
        self::assertFalse($list['success']);
        self::assertArrayNotHasKey('accounts', $list);
        self::assertFailureText($list['error']);
        self::assertLessThan(4, count($this->bridge->requests));
    }

    public static function shortLists(): iterable
    {
        $account = ['serviceid' => 1, 'username' => 'a1', 'domain' => '', 'plan' => 'gold',
            'created' => '2026-11-20T13:00:00Z', 'status' => 'active'];
        $more = ['accounts' => [$account], 'cursor' => 'p2'];
        yield 'the second page fails' => [$more, FakeBridge::problem(503, 'overloaded', 'Later.')];
        yield 'the second page never comes' => [$more, TransportError::unanswered('timed out')];
        yield 'the cursor turns in a circle' => [$more, FakeBridge::withData($more)];
        $whole = ['accounts' => [$account], 'cursor' => null];
        $pending = FakeBridge::reply(202, ['result' => 'pending', 'message' => 'Later.', 'data' => $whole]);
        yield 'pending' => [$more, $pending];
        yield 'no cursor at all' => [['accounts' => [$account]], null];
        yield 'no list' => [['cursor' => null], null];
        yield 'an account of unknown state' => [['accounts' => [['status' => '?'] + $account], 'cursor' => null], null];
        yield 'an account without a name' => [['accounts' => [['username' => ''] + $account], 'cursor' => null], null];
        yield 'an account that is none' => [['accounts' => ['a1'], 'cursor' => null], null];
    }

    private static function orThrow(mixed $answer): mixed
    {
        return $answer instanceof TransportError ? throw $answer : $answer;
    }

    private function checks(array $checks): void
    {
        $data = ['checks' => $checks, 'caller' => '203.0.113.9'];
        $this->bridge->answer('TestConnection', FakeBridge::withData($data));
    }

    /** @param array<string, list<array<string, mixed>>> $pages by the cursor that asks for them */
    private function pages(array $pages): void
    {
        $this->bridge->answer('ListAccounts', static function (array $body) use ($pages) {
            $cursors = array_map('strval', array_keys($pages));
            $place = array_search((string) $body['cursor'], $cursors, true);
            $next = $cursors[$place + 1] ?? null;
            return FakeBridge::withData(['accounts' => $pages[$body['cursor']], 'cursor' => $next]);
        });
    }

    private function hooksAre(bool $detected): void
    {
        $registered = new ReflectionProperty(HookList::class, 'registered');
        $registered->setAccessible(true);
        $registered->setValue(null, $detected);
    }
}
