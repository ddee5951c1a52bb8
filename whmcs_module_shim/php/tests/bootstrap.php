<?php

/** A small WHMCS around the module: real Illuminate on SQLite in memory, every function of WHMCS captured. */

declare(strict_types=1);

error_reporting(E_ALL);
set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
    // Illuminate 8 on PHP 8.2 is deprecated in places; the module's own files have no such excuse.
    if (in_array($level, [E_DEPRECATED, E_USER_DEPRECATED], true) && str_starts_with($file, '/usr/share/php/')) {
        return true;
    }
    throw new ErrorException($message, 0, $level, $file, $line);
});

define('WHMCS', true);
define('MODULE_FOLDER', dirname(__DIR__) . '/modules/servers/panelbridge');

require_once 'Illuminate/Database/autoload.php';
require_once 'smarty4/Smarty.class.php';
require_once __DIR__ . '/support/whmcs.php';
require_once MODULE_FOLDER . '/panelbridge.php';
require_once __DIR__ . '/support/Captured.php';
require_once __DIR__ . '/support/FakeBridge.php';
require_once __DIR__ . '/support/ServiceProperties.php';
require_once __DIR__ . '/support/ServiceModel.php';
require_once __DIR__ . '/support/Shop.php';
require_once __DIR__ . '/support/ModuleTestCase.php';
