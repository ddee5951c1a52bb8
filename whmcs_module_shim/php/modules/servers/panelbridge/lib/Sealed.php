<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Passwords of servers and services are encrypted in WHMCS's tables; $params has them open, tables do not. */
final class Sealed
{
    public static function opened(string $sealed): string
    {
        if ($sealed === '') {
            return '';
        }
        if (function_exists('decrypt')) {
            return (string) decrypt($sealed);
        }
        $answer = LocalCall::make('DecryptPassword', ['password2' => $sealed]);
        return is_string($answer['password'] ?? null) ? $answer['password'] : '';
    }
}
