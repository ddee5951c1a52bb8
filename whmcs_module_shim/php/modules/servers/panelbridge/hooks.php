<?php

/**
 * Loaded by WHMCS on every page and cron run: registers listeners and does nothing else.
 */

declare(strict_types=1);

if (!defined('WHMCS')) {
    die('This file cannot be accessed directly');
}

require_once __DIR__ . '/lib/autoload.php';

\WHMCS\Module\Server\Panelbridge\HookList::register();
