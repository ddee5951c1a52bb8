<?php

/** The classes and functions WHMCS gives a module, recording what the module does with them. */

declare(strict_types=1);

namespace WHMCS\Database {
    class Capsule extends \Illuminate\Database\Capsule\Manager
    {
    }
}

namespace WHMCS\Service {
    class Addon
    {
        public int $id = 9;
    }
}

namespace {
    // WHMCS's usage billing, as the stand-in imitates it.
    spl_autoload_register(static function (string $class): void {
        $name = str_replace('\\', '/', substr($class, strlen('WHMCS\\')));
        $file = dirname(__DIR__, 2) . '/standin/whmcs/' . $name . '.php';
        if (str_starts_with($class, 'WHMCS\\UsageBilling\\') && is_file($file)) {
            require $file;
        }
    });

    use Panelbridge\Tests\Captured;

    function logModuleCall(
        string $module,
        string $action,
        mixed $request,
        mixed $response,
        mixed $processed = '',
        array $masks = []
    ): void {
        Captured::$moduleCalls[] = compact('module', 'action', 'request', 'response', 'processed', 'masks');
    }

    function logActivity(string $message, int $clientId = 0): void
    {
        Captured::$activity[] = $message;
    }

    function add_hook(string $name, int $priority, callable $listener): void
    {
        Captured::$hooks[$name][] = $listener;
    }

    function decrypt(string $sealed): string
    {
        return str_starts_with($sealed, 'sealed:') ? substr($sealed, 7) : 'garbage';
    }

    /** @return array<string, mixed> */
    function localAPI(string $action, array $values): array
    {
        Captured::$localCalls[] = ['action' => $action] + $values;
        $answer = Captured::$localAnswers[$action] ?? null;
        return is_callable($answer) ? $answer($values) : ($answer ?? ['result' => 'success']);
    }
}
