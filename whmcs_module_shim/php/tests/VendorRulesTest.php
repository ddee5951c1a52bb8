<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use WHMCS\Database\Capsule;

/** What the vendor's sample test asks of every module, and what it leaves out. */
final class VendorRulesTest extends ModuleTestCase
{
    private const TYPES = [
        'MetaData' => 'array', 'ConfigOptions' => 'array', 'TestConnection' => 'array', 'ClientArea' => 'array',
        'AdminCustomButtonArray' => 'array', 'AdminServicesTabFields' => 'array', 'ListAccounts' => 'array',
        'ClientAreaAllowedFunctions' => 'array', 'CreateAccount' => 'string', 'SuspendAccount' => 'string',
        'UnsuspendAccount' => 'string', 'TerminateAccount' => 'string', 'Renew' => 'string',
        'ChangePassword' => 'string', 'ChangePackage' => 'string', 'Refresh' => 'string',
        'ResetCredentials' => 'string', 'EmailCredentials' => 'string', 'Retry' => 'string', 'Adopt' => 'string',
        'ClientReset' => 'string', 'AdminServicesTabFieldsSave' => 'NULL',
        'ServiceSingleSignOn' => 'array', 'AdminSingleSignOn' => 'array', 'AdminLink' => 'string',
        'UsageUpdate' => 'NULL', 'MetricProvider' => 'object',
    ];

    /** @dataProvider functions */
    public function testAnEmptyArrayGivesTheRightTypeAndNoInputOrOutput(string $function, string $type): void
    {
        Capsule::connection()->enableQueryLog();
        self::assertSame($type, gettype($this->call($function, [])));
        self::assertSame([], $this->bridge->requests);
        self::assertSame([], Capsule::connection()->getQueryLog());
        self::assertSame([], Captured::$localCalls);
    }

    /** @dataProvider functions */
    public function testEveryKeyMayBeMissing(string $function, string $type): void
    {
        $whole = $this->shop->params();
        $allowed = $function === 'UsageUpdate' ? ['NULL', 'string'] : [$type]; // a text says what is wrong
        foreach (array_keys($whole) as $missing) {
            $params = array_diff_key($whole, [$missing => true]);
            self::assertContains(gettype($this->call($function, $params)), $allowed, "$function without $missing");
        }
    }

    public static function functions(): iterable
    {
        foreach (self::TYPES as $function => $type) {
            yield $function => [$function, $type];
        }
    }

    public function testEveryFunctionOfTheModuleIsCoveredHere(): void
    {
        $defined = array_filter(
            get_defined_functions()['user'],
            static fn (string $name): bool => str_starts_with($name, 'panelbridge_')
        );
        $covered = array_map(static fn (string $name): string => 'panelbridge_' . strtolower($name), [
            ...array_keys(self::TYPES), 'PlanLoader',
        ]);
        sort($defined);
        sort($covered);
        self::assertSame($covered, array_values($defined));
    }

    public function testMetaData(): void
    {
        self::assertSame([
            'DisplayName' => 'Panelbridge',
            'APIVersion' => '1.1',
            'RequiresServer' => true,
            'DefaultNonSSLPort' => '8080',
            'DefaultSSLPort' => '8443',
            'ServiceSingleSignOnLabel' => 'Log in to panel',
            'AdminSingleSignOnLabel' => 'Log in to panel',
            'ListAccountsUniqueIdentifierDisplayName' => 'Username',
            'ListAccountsUniqueIdentifierField' => 'username',
            'ListAccountsProductField' => 'configoption1',
        ], panelbridge_MetaData());
    }

    /** WHMCS stores settings by position: a name may be appended here, never moved or taken away. */
    public function testTheOrderOfTheProductSettingsIsFrozen(): void
    {
        $fields = panelbridge_ConfigOptions();
        self::assertSame(['Plan', 'Connections', 'Grace'], array_keys($fields));
        self::assertSame(['text', 'text', 'text'], array_column($fields, 'Type'));
        self::assertSame('panelbridge_PlanLoader', $fields['Plan']['Loader']);
    }

    public function testThePlanLoaderTellsPlansAndThrowsReadably(): void
    {
        $this->bridge->answer('Plans', FakeBridge::withData(['plans' => [
            ['code' => 'gold', 'label' => 'Gold', 'cycles' => ['Monthly', 'Annually'], 'terms' => ['1m', '12m']],
            ['code' => 'iron', 'label' => '', 'cycles' => [], 'terms' => []],
        ]]));
        $expected = ['gold' => 'Gold (gold): Monthly, Annually', 'iron' => 'iron'];
        self::assertSame($expected, panelbridge_PlanLoader(Shop::serverKeys()));
        $this->bridge->answer('Plans', FakeBridge::withData(['plans' => []]));
        $this->expectExceptionMessage('no plan for this key');
        panelbridge_PlanLoader(Shop::serverKeys());
    }

    public function testThePlanLoaderSaysWhatToDoWhenThereIsNoServer(): void
    {
        $this->expectExceptionMessage('Choose a server of type Panelbridge');
        panelbridge_PlanLoader();
    }

    public function testTheFilesThatShipAreWhole(): void
    {
        $about = json_decode((string) file_get_contents(MODULE_FOLDER . '/whmcs.json'), true, 8, JSON_THROW_ON_ERROR);
        self::assertSame(['whmcs-servers', 'panelbridge'], [$about['type'], $about['name']]);
        [$width] = getimagesize(MODULE_FOLDER . '/' . $about['logo']['filename']);
        self::assertLessThanOrEqual(500, $width);
        foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(MODULE_FOLDER)) as $file) {
            if ($file->getExtension() === 'php') {
                $text = (string) file_get_contents($file->getPathname());
                self::assertStringStartsWith('<?php', $text, $file->getFilename());
                self::assertStringNotContainsString('?>', $text, $file->getFilename());
            }
        }
    }

    public function testAFileRunOutsideWhmcsStops(): void
    {
        foreach (['panelbridge.php', 'hooks.php'] as $file) {
            $said = shell_exec(PHP_BINARY . ' ' . escapeshellarg(MODULE_FOLDER . '/' . $file));
            self::assertSame('This file cannot be accessed directly', $said);
        }
    }
}
