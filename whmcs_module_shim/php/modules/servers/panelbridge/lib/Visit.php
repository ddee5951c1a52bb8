<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** The only class that touches the superglobals: posted fields (decoded once, by Params) and the visitor's session. */
final class Visit
{
    private const ROOM = 'panelbridge';

    public static function posted(): Params
    {
        return Params::of(array_diff_key($_POST, ['model' => true]));
    }

    /** What WHMCS keeps in the session. */
    public static function kept(string $name): mixed
    {
        return $_SESSION[$name] ?? null;
    }

    /** What this module remembers for this visitor. Never a secret. */
    public static function recall(string $name): mixed
    {
        $room = $_SESSION[self::ROOM] ?? null;
        return is_array($room) ? $room[$name] ?? null : null;
    }

    public static function remember(string $name, mixed $value): void
    {
        $room = $_SESSION[self::ROOM] ?? null;
        $_SESSION[self::ROOM] = array_merge(is_array($room) ? $room : [], [$name => $value]);
    }

    public static function forget(string $name): void
    {
        if (is_array($_SESSION[self::ROOM] ?? null)) {
            unset($_SESSION[self::ROOM][$name]);
        }
    }
}
