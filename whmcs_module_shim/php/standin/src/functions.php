<?php

/**
 * The functions WHMCS gives to modules and hook files, in the global namespace
 * (WHMCS developer docs: hooks, logging, internal API; encrypt, decrypt and run_hook seen in open modules).
 */

declare(strict_types=1);

use Panelbridge\Standin\LocalApi;
use Panelbridge\Standin\ModuleLog;
use Panelbridge\Standin\Shop;

/** Module files stop unless this is defined (WHMCS developer docs). */
define('WHMCS', true);

function add_hook(string $name, int $priority, callable $handler): void
{
    Shop::current()->hooks->add($name, $priority, $handler);
}

/** @return list<mixed> */
function run_hook(string $name, mixed $variables = []): array
{
    return Shop::current()->hooks->run($name, $variables);
}

/**
 * @param array<string, mixed> $values
 * @return array<string, mixed>
 */
function localAPI(string $action, array $values = [], string $adminUser = ''): array
{
    return (new LocalApi(Shop::current()))->call($action, $values);
}

/** @param list<string> $replacements */
function logModuleCall(
    string $module,
    string $action,
    mixed $request,
    mixed $response,
    mixed $processed = '',
    array $replacements = []
): void {
    (new ModuleLog(Shop::current()))->write($module, $action, [$request, $response, $processed], $replacements);
}

function logActivity(string $message, int $clientId = 0): void
{
    Shop::current()->logActivity($message, $clientId);
}

function encrypt(string $clear): string
{
    return Shop::current()->encrypt($clear);
}

function decrypt(string $sealed): string
{
    return Shop::current()->decrypt($sealed);
}
