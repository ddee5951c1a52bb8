<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use Smarty;
use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\Wire\TransportError;
use WHMCS\Module\Server\Panelbridge\Wiring;

/** The client's and the staff's pages, rendered with real Smarty. */
final class ProductPagesTest extends ModuleTestCase
{
    public function testTheClientSeesCredentialsExpiryAndState(): void
    {
        $html = $this->rendered($this->shop->params(['configoption3' => '3']));
        $shown = ['pb501k7m2qx', 'Kp4wZr8TqM', '2026-12-20 13:00 UTC', 'active', '2026-12-23'];
        foreach ($shown as $text) {
            self::assertStringContainsString($text, $html);
        }
        self::assertStringContainsString('name="a" value="ClientReset"', $html);
        self::assertStringContainsString('tabOverviewModuleOutputTemplate', implode(array_keys(
            panelbridge_ClientArea($this->shop->params())
        )));
    }

    public function testThePageAsksAtMostOnceInHalfAMinuteAndKeepsNoPassword(): void
    {
        $right = $this->shop->params(['password' => 'Kp4wZr8TqM']);
        $this->rendered($right);
        self::assertStringContainsString('Kp4wZr8TqM', $this->rendered($right));
        self::assertSame(['Account'], $this->bridge->called());
        self::assertStringNotContainsString('Kp4wZr8TqM', serialize($_SESSION));
        Wiring::useTime(self::NOW + 31);
        $this->rendered($right);
        self::assertCount(2, $this->bridge->requests);
    }

    public function testThePasswordShownIsTheOneThatWorksWhateverWhmcsHolds(): void
    {
        foreach ([1, 2] as $view) {
            $html = $this->rendered($this->shop->params(['password' => 'the-panel-refused-this']));
            self::assertStringNotContainsString('the-panel-refused-this', $html, "view $view");
            self::assertStringContainsString('Kp4wZr8TqM', $html, "view $view");
        }
        $this->asAdmin();
        $tab = implode(panelbridge_AdminServicesTabFields($this->shop->params(['password' => 'another-one'])));
        self::assertStringContainsString('WHMCS holds another password', $tab);
    }

    public function testAPasswordNobodyKnowsIsAskedOfSupport(): void
    {
        $account = ['password' => null] + FakeBridge::account();
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        $html = $this->rendered($this->shop->params());
        self::assertStringNotContainsString(htmlspecialchars(Shop::PASSWORD), $html);
        self::assertStringContainsString('ask support', $html);
    }

    public function testWhileAPasswordIsBeingChangedNeitherIsShown(): void
    {
        $operation = ['id' => 18, 'verb' => 'reset_credentials', 'state' => 'sent'];
        $this->bridge->answer('Account', FakeBridge::success(['data' => ['last_operation' => $operation]]));
        $html = $this->rendered($this->shop->params(['password' => 'Kp4wZr8TqM']));
        self::assertStringNotContainsString('Kp4wZr8TqM', $html);
        self::assertStringContainsString('is being worked on', $html);
    }

    public function testASuspendedCustomerReadsWhatToDo(): void
    {
        $account = FakeBridge::account(['state' => 'suspended']);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        $html = $this->rendered($this->shop->params(['status' => 'Suspended']));
        self::assertStringContainsString('If an invoice is open', $html);
        self::assertStringNotContainsString('ClientReset', $html);
    }

    /** @dataProvider dates */
    public function testTheDateShownIsTheOnePaidForAndNeverBlank(?string $panel, ?string $paid, string $shown): void
    {
        $account = FakeBridge::account(['expires_at' => $panel, 'entitled_until' => $paid]);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        preg_match('#<dt>Valid until</dt>\s*<dd>([^<]*)</dd>#', $this->rendered($this->shop->params()), $found);
        self::assertSame($shown, $found[1] ?? '');
    }

    public static function dates(): iterable
    {
        yield 'grace of 48 hours at the panel' => ['2026-12-22T13:00:00Z', '2026-12-20T13:00:00Z',
            '2026-12-20 13:00 UTC'];
        yield 'a panel without dates' => [null, '2026-12-20T13:00:00Z', '2026-12-20 13:00 UTC'];
        yield 'the panel ends it earlier' => ['2026-12-10T13:00:00Z', '2026-12-20T13:00:00Z', '2026-12-10 13:00 UTC'];
        yield 'only the panel knows' => ['2026-12-22T13:00:00Z', null, '2026-12-22 13:00 UTC'];
    }

    /** @dataProvider fates */
    public function testWhatBecameOfTheOrderIsToldInsteadOfPreparingForEver(
        ?string $state,
        string $billing,
        string $told
    ): void {
        $account = $state === null ? null : ['state' => $state];
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        $html = $this->rendered($this->shop->params(['status' => $billing, 'username' => 'made-up']));
        self::assertStringContainsString($told, $html);
        self::assertStringNotContainsString('made-up', $html);
    }

    public static function fates(): iterable
    {
        yield 'being made' => ['pending', 'Pending', 'being prepared'];
        yield 'refused' => ['refused', 'Pending', 'could not be set up'];
        yield 'a person must look' => ['delayed', 'Pending', 'takes longer'];
        yield 'not ordered yet' => [null, 'Pending', 'paid and accepted'];
        yield 'nothing there' => [null, 'Active', 'contact support'];
        yield 'cancelled' => [null, 'Cancelled', 'has ended'];
        yield 'fraud' => ['terminated', 'Fraud', 'has ended'];
    }

    public function testAnAccountThatUsedUpWhatItHasIsShownAsThatAndNotAsSuspended(): void
    {
        $account = FakeBridge::account(['state' => 'limited']);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        $html = $this->rendered($this->shop->params());
        self::assertStringContainsString('is used up. It works again when it is renewed.', $html);
        self::assertStringNotContainsString('suspended', $html);
    }

    public function testButtonsFollowWhatThePanelCanDo(): void
    {
        $this->bridge->answer('Account', FakeBridge::success(['data' => ['verbs' => ['create', 'terminate']]]));
        self::assertStringNotContainsString('ClientReset', $this->rendered($this->shop->params()));
        $this->asAdmin();
        $buttons = panelbridge_AdminCustomButtonArray($this->shop->params());
        self::assertNotContains('ResetCredentials', $buttons);
        self::assertContains('Refresh', $buttons);
    }

    public function testThePageTellsHowToConnectAndHidesWhatIsSecret(): void
    {
        $lines = [
            ['kind' => 'portal', 'label' => 'Portal', 'value' => 'http://tv.example/c/', 'secret' => false],
            ['kind' => 'playlist', 'label' => 'Playlist (M3U)', 'value' => 'http://tv.example/Se<c', 'secret' => true],
        ];
        $account = FakeBridge::account(['connect' => $lines]);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $account]));
        foreach ([1, 2] as $view) {
            $html = $this->rendered($this->shop->params(['password' => 'Kp4wZr8TqM']));
            self::assertMatchesRegularExpression('#<dt>Portal</dt>\s*<dd><code>http://tv.example/c/#', $html);
            self::assertMatchesRegularExpression(
                '#<dt>Playlist \(M3U\)</dt>\s*<dd><details><summary>Show</summary><code>http://tv.example/Se&lt;c#',
                $html,
                "view $view"
            );
        }
        self::assertStringNotContainsString('Se<c', serialize($_SESSION));
    }

    /** @dataProvider clientFailures */
    public function testACustomerReadsNoTextForStaff(string $function, mixed $answer, string $expected): void
    {
        $_SESSION['uid'] = 42;
        $_POST = ['panelbridge_token' => $this->tokenOfThePage()];
        $this->bridge->answer($function === 'ClientReset' ? 'ResetCredentials' : $function, $answer);
        $told = $this->call($function, $this->shop->params());
        self::assertStringContainsString($expected, $told);
        foreach (['bridge', 'Choose a verb', '127.0.0.1', '[a-z]', 'operation', 'Mend it'] as $word) {
            self::assertStringNotContainsStringIgnoringCase($word, $told);
        }
        self::assertStringContainsString('Service 501: asked for by the client', implode(' ', Captured::$activity));
    }

    public static function clientFailures(): iterable
    {
        $refused = FakeBridge::problem(422, 'refused', 'the panel cannot do this', ['advice' => 'Choose a verb']);
        $rule = FakeBridge::problem(422, 'password_rule', 'only [a-z]+', ['customer' => 'Please choose letters.']);
        foreach (['ClientReset', 'ChangePassword'] as $function) {
            yield "$function unreachable" => [$function, TransportError::unreachable('x'), 'not changed'];
            yield "$function unanswered" => [$function, TransportError::unanswered('x'), 'not certain yet'];
            yield "$function refused" => [$function, $refused, 'Please contact support'];
            yield "$function writes off" => [$function, FakeBridge::problem(409, 'writes_off', 'off'), 'not changed'];
            yield "$function rule" => [$function, $rule, 'Please choose letters.'];
        }
    }

    public function testStaffReadTheirOwnTextOfAPasswordChange(): void
    {
        $this->asAdmin();
        $refused = FakeBridge::problem(422, 'refused', 'the panel cannot do this', ['advice' => 'Choose a verb']);
        $this->bridge->answer('ChangePassword', $refused);
        self::assertStringContainsString('Choose a verb', $this->call('ChangePassword', $this->shop->params()));
    }

    public function testMarkupOfThePanelIsShownAsText(): void
    {
        $this->bridge->answer('Account', FakeBridge::success(['account' => FakeBridge::account([
            'state' => '"><script>alert(1)</script>', 'expires_at' => '<b>soon</b>',
        ])]));
        self::assertStringNotContainsString('<script>', $this->rendered($this->shop->params()));
        $this->asAdmin();
        $tab = implode(panelbridge_AdminServicesTabFields($this->shop->params()));
        self::assertStringNotContainsString('<script>', $tab);
        $this->bridge->answer('Account', FakeBridge::success(['account' => FakeBridge::account([
            'state' => 'a"&b', 'plan' => 'c"&d',
        ])]));
        \WHMCS\Module\Server\Panelbridge\AccountView::forget(501);
        self::assertStringContainsString('a&quot;&amp;b', $this->rendered($this->shop->params()));
        self::assertStringContainsString('c&quot;&amp;d', implode(
            panelbridge_AdminServicesTabFields($this->shop->params())
        ));
    }

    public function testCredentialsOfAnotherAccountAreNotShown(): void
    {
        $html = $this->rendered($this->shop->params(['username' => 'whmcs-made-this-up', 'status' => 'Pending']));
        self::assertStringNotContainsString('whmcs-made-this-up', $html);
        self::assertStringNotContainsString(htmlspecialchars(Shop::PASSWORD), $html);
        self::assertStringNotContainsString('ClientReset', $html);
        self::assertStringContainsString('being prepared', $html);
    }

    public function testBeforeThereIsAnAccountThePageSaysSo(): void
    {
        $this->bridge->answer('Account', FakeBridge::problem(404, 'not_provisioned', 'There is no account yet.'));
        $html = $this->rendered($this->shop->params(['status' => 'Pending']));
        self::assertStringContainsString('paid and accepted', $html);
    }

    public function testAnOrderThatWasRefusedIsNotBeingPreparedForEver(): void
    {
        $refused = FakeBridge::account(['state' => 'refused', 'password' => null]);
        $this->bridge->answer('Account', FakeBridge::success(['account' => $refused]));
        $html = $this->rendered($this->shop->params());
        self::assertStringNotContainsString('being prepared', $html);
        self::assertStringContainsString('not set up', $html);
    }

    /** @dataProvider silences */
    public function testThePageDegradesWhenTheBridgeIsDown(mixed $answer): void
    {
        $this->bridge->answer('*', $answer);
        $page = panelbridge_ClientArea($this->shop->params());
        self::assertSame('templates/unavailable.tpl', $page['tabOverviewModuleOutputTemplate']);
        self::assertStringContainsString('Your service itself is not affected', $this->rendered($this->shop->params()));
        self::assertCount(1, $this->bridge->requests, 'a silent bridge is not asked again at once');
    }

    public static function silences(): iterable
    {
        yield [TransportError::unreachable('refused')];
        yield [TransportError::unanswered('timed out')];
        yield [FakeBridge::problem(500, 'internal', 'Broken.')];
        yield [new \WHMCS\Module\Server\Panelbridge\Wire\Reply(200, 'text/html', '<html>')];
    }

    public function testTheClientsResetSendsThePagesTokenAndWritesBack(): void
    {
        $_POST = ['panelbridge_token' => $this->tokenOfThePage()];
        $params = $this->shop->params();
        self::assertSame('success', panelbridge_ClientReset($params));
        self::assertSame($_POST['panelbridge_token'], $this->bridge->body('ResetCredentials')['call']['token']);
        self::assertSame('Kp4wZr8TqM', $params['model']->serviceProperties->saved['Password']);
    }

    public function testAResetWithoutATokenOfThisShopsPageIsRefused(): void
    {
        $ours = $this->tokenOfThePage();
        $other = $this->shop->params(['serviceid' => 777]);
        foreach (['', 'x', str_repeat('f', 56), substr($ours, 0, 55) . '0'] as $token) {
            $_POST = ['panelbridge_token' => $token === $ours ? '' : $token];
            self::assertFailureText(panelbridge_ClientReset($this->shop->params()));
        }
        $_POST = ['panelbridge_token' => $ours];
        self::assertFailureText(panelbridge_ClientReset($other));
        Wiring::useTime(self::NOW + 3601);
        self::assertFailureText(panelbridge_ClientReset($this->shop->params()));
        self::assertNotContains('ResetCredentials', $this->bridge->called());
    }

    public function testStaffSeeTheLiveTruth(): void
    {
        $this->asAdmin();
        $this->bridge->answer('Account', FakeBridge::success(['data' => [
            'last_operation' => ['id' => 17, 'verb' => 'renew', 'state' => 'open'],
            'last_error' => 'The panel <b>said</b> no.',
            'attention' => [['id' => 3, 'text' => 'exists_id_unknown']],
        ]]));
        $rows = panelbridge_AdminServicesTabFields($this->shop->params());
        self::assertSame(
            ['Panel account', 'Last operation', 'Last error', 'Needs a person', 'Extend', 'Adopt account'],
            array_keys($rows)
        );
        self::assertTrue($this->bridge->body('Account')['call']['fresh']);
        self::assertStringContainsString('The panel said no.', $rows['Last error']);
        self::assertStringContainsString('exists_id_unknown', $rows['Needs a person']);
    }

    public function testStaffSeeThatTheBridgeIsDownAndWhatTheJournalKnows(): void
    {
        $this->bridge->answer('Account', TransportError::unreachable('refused'));
        $rows = panelbridge_AdminServicesTabFields($this->shop->params());
        self::assertStringContainsString('cannot be reached', $rows['Panel account']);
        $this->bridge->answer('Account', FakeBridge::success(['account' => FakeBridge::account(['live' => false])]));
        $rows = panelbridge_AdminServicesTabFields($this->shop->params());
        self::assertStringContainsString('journal', $rows['Panel account']);
    }

    public function testExtendingMovesTheDueDateAndReadsItBack(): void
    {
        Captured::$localAnswers['UpdateClientProduct'] = static function (array $values): array {
            $columns = ['nextduedate' => $values['nextduedate']];
            Capsule::table('tblhosting')->where('id', $values['serviceid'])->update($columns);
            return ['result' => 'success'];
        };
        $rows = $this->extended(['panelbridge_extend_by' => '1m', 'panelbridge_extend_note' => 'R&amp;D trial',
            'panelbridge_extend_due' => '1']);
        $body = $this->bridge->body('Extend');
        self::assertSame(['1m', 'R&D trial'], [$body['by'], $body['note']]);
        self::assertMatchesRegularExpression('/^[0-9a-f]{56}$/', $body['call']['token']);
        self::assertStringContainsString('next due date is 2027-01-20', strip_tags($rows['Result']));
        self::assertArrayNotHasKey('Result', panelbridge_AdminServicesTabFields($this->shop->params()));
    }

    public function testAnExtendNobodyKnowsTheEndOfIsRepeatedWithItsToken(): void
    {
        $form = ['panelbridge_extend_by' => '1m', 'panelbridge_extend_note' => 'goodwill'];
        foreach ([['unanswered', true], ['answered', true], ['known', false]] as [$case, $same]) {
            $rows = panelbridge_AdminServicesTabFields($this->shop->params());
            preg_match('/extend_token" type="hidden" value="([0-9a-f]+)"/', $rows['Extend'], $found);
            self::assertSame($same, ($first ??= $found[1]) === $found[1], $case);
            $this->bridge->answer('Extend', $case === 'unanswered' ? TransportError::unanswered('timed out')
                : FakeBridge::withData(['entitled_until' => '2027-01-20T13:00:00Z']));
            $_POST = $form + ['panelbridge_extend_token' => $found[1]];
            panelbridge_AdminServicesTabFieldsSave($this->shop->params());
        }
    }

    public function testADueDateThatDidNotMoveIsSaid(): void
    {
        $rows = $this->extended(['panelbridge_extend_by' => '1m', 'panelbridge_extend_note' => 'goodwill',
            'panelbridge_extend_due' => '1']);
        self::assertStringContainsString('set it by hand', $rows['Result']);
    }

    public function testTheDueDateStaysWithoutTheTick(): void
    {
        $rows = $this->extended(['panelbridge_extend_by' => '30d', 'panelbridge_extend_note' => 'goodwill']);
        self::assertStringContainsString('Extended by 30d', $rows['Result']);
        self::assertSame([], Captured::$localCalls);
    }

    /** @dataProvider badForms */
    public function testABadFormExtendsNothing(array $form, string $word): void
    {
        $rows = $this->extended($form);
        self::assertStringContainsString($word, $rows['Result']);
        self::assertNotContains('Extend', $this->bridge->called());
    }

    public static function badForms(): iterable
    {
        yield [['panelbridge_extend_by' => '1m'], 'note'];
        yield [['panelbridge_extend_by' => 'soon', 'panelbridge_extend_note' => 'goodwill'], 'duration'];
        yield [['panelbridge_extend_by' => '-1m', 'panelbridge_extend_note' => 'goodwill'], 'duration'];
        yield [['panelbridge_extend_by' => '1m', 'panelbridge_extend_note' => 'goodwill',
            'panelbridge_extend_token' => str_repeat('0', 56)], 'page'];
    }

    public function testAnOrdinarySaveDoesNothing(): void
    {
        $_POST = ['panelbridge_extend_by' => '', 'panelbridge_extend_note' => 'left over'];
        self::assertNull(panelbridge_AdminServicesTabFieldsSave($this->shop->params()));
        self::assertSame([], $this->bridge->requests);
    }

    public function testAdoptTakesTheAccountTheBridgeNamesOrAsksForOne(): void
    {
        $this->bridge->answer('Account', FakeBridge::success(['data' => ['attention' => [['account_id' => '41']]]]));
        self::assertSame('success', $this->call('Adopt', $this->shop->params()));
        self::assertSame('41', $this->bridge->body('Adopt')['account_id']);
        $this->bridge->answer('Account', FakeBridge::success());
        self::assertStringContainsString('Adopt account', $this->call('Adopt', $this->shop->params()));
    }

    public function testTheButtonsLeadToFunctions(): void
    {
        foreach (panelbridge_AdminCustomButtonArray() as $suffix) {
            self::assertTrue(function_exists('panelbridge_' . $suffix));
        }
    }

    /** @return array<string, string> the page after the save */
    private function extended(array $form): array
    {
        $this->asAdmin();
        $this->bridge->answer('Extend', FakeBridge::withData(['entitled_until' => '2027-01-20T13:00:00Z']));
        $rows = panelbridge_AdminServicesTabFields($this->shop->params());
        preg_match('/extend_token" type="hidden" value="([0-9a-f]+)"/', $rows['Extend'], $found);
        $_POST = $form + ['panelbridge_extend_token' => $found[1]];
        panelbridge_AdminServicesTabFieldsSave($this->shop->params());
        return panelbridge_AdminServicesTabFields($this->shop->params());
    }

    private function tokenOfThePage(): string
    {
        preg_match('/name="panelbridge_token" value="([0-9a-f]+)"/', $this->rendered($this->shop->params()), $found);
        return $found[1];
    }

    private function rendered(array $params): string
    {
        $page = panelbridge_ClientArea($params);
        $smarty = new Smarty();
        $folder = sys_get_temp_dir() . '/panelbridge-tests-' . getmypid();
        $smarty->setCompileDir($folder);
        $smarty->assign($page['templateVariables'] + ['token' => 'whmcs-token']);
        try {
            return $smarty->fetch('file:' . MODULE_FOLDER . '/' . $page['tabOverviewModuleOutputTemplate']);
        } finally {
            array_map('unlink', glob($folder . '/*') ?: []);
            @rmdir($folder);
        }
    }
}
