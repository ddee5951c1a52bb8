<?php

/** Loads the stand-in: its classes, WHMCS's class names, Debian's Illuminate packages, strict error reporting. */

declare(strict_types=1);

require_once 'Illuminate/Database/autoload.php';

spl_autoload_register(static function (string $class): void {
    foreach (['Panelbridge\\Standin\\' => __DIR__, 'WHMCS\\' => dirname(__DIR__) . '/whmcs'] as $prefix => $folder) {
        $file = $folder . '/' . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
        if (str_starts_with($class, $prefix) && is_file($file)) {
            require_once $file;
        }
    }
});

error_reporting(E_ALL);
// Warnings and notices become exceptions, so that sloppy module code is seen. Template code is only noted:
// templates test variables that may be absent.
set_error_handler(static function (int $severity, string $message, string $file, int $line): bool {
    if (str_starts_with($file, '/usr/share/php/')) {
        return (bool) ($severity & (E_DEPRECATED | E_USER_DEPRECATED));
    }
    if (str_starts_with($file, Panelbridge\Standin\Templates::compileFolder())) {
        Panelbridge\Standin\Shop::current()->captured->keep('template_warnings', ['message' => $message]);
        return true;
    }
    if ((error_reporting() & $severity) === 0) {
        return false;
    }
    throw new ErrorException($message, 0, $severity, $file, $line);
});

require_once __DIR__ . '/functions.php';
