<?php

declare(strict_types=1);

namespace Panelbridge\Tests;

use PHPUnit\Framework\TestCase;
use WHMCS\Module\Server\Panelbridge\Credentials;
use WHMCS\Module\Server\Panelbridge\PaidItems;
use WHMCS\Module\Server\Panelbridge\Redactor;
use WHMCS\Module\Server\Panelbridge\Wiring;

/** A shop with one product of ours and a bridge that answers as told. Whatever a test prints is a failure. */
abstract class ModuleTestCase extends TestCase
{
    protected const NOW = 1795000000;

    protected FakeBridge $bridge;
    protected Shop $shop;

    protected function setUp(): void
    {
        Captured::reset();
        Redactor::forgetAll();
        Credentials::forgetAll();
        PaidItems::forgetAll();
        $_SESSION = [];
        $_POST = [];
        $this->bridge = new FakeBridge();
        $this->shop = new Shop();
        Wiring::useTransport($this->bridge);
        Wiring::useTime(self::NOW);
        $this->expectOutputString('');
    }

    protected function tearDown(): void
    {
        Wiring::useTransport(null);
        Wiring::useTime(null);
    }

    protected function call(string $function, array $params): mixed
    {
        return ('panelbridge_' . $function)($params);
    }

    /** Runs the listeners of a hook and gives what the last returned. */
    protected function hook(string $name, array $variables = []): mixed
    {
        if (Captured::$hooks === []) {
            require MODULE_FOLDER . '/hooks.php';
        }
        $result = null;
        foreach (Captured::$hooks[$name] as $listener) {
            $result = $listener($variables);
        }
        return $result;
    }

    protected function asAdmin(): void
    {
        $_SESSION['adminid'] = 3;
    }

    protected static function assertFailureText(mixed $told): void
    {
        self::assertIsString($told);
        self::assertNotSame('success', $told);
        self::assertNotSame('', trim($told));
        self::assertStringNotContainsString('<', $told);
        self::assertLessThan(1500, strlen($told));
    }
}
