<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Who made WHMCS call us, for the bridge's history: `admin:3`, `client:42`, `cron` or `system`. */
final class Actor
{
    public static function present(): string
    {
        $admin = Visit::kept('adminid');
        $client = Visit::kept('uid');
        $isAdmin = is_numeric($admin) && (int) $admin > 0;
        $isClient = is_numeric($client) && (int) $client > 0;
        // An admin who looks at the shop as a client has both; WHMCS tells by a constant which area this is.
        if ($isAdmin && !(defined('CLIENTAREA') && $isClient)) {
            return 'admin:' . (int) $admin;
        }
        if ($isClient) {
            return 'client:' . (int) $client;
        }
        return PHP_SAPI === 'cli' ? 'cron' : 'system';
    }

    public static function isClient(): bool
    {
        return str_starts_with(self::present(), 'client:');
    }

    public static function isAdmin(): bool
    {
        return str_starts_with(self::present(), 'admin:');
    }
}
