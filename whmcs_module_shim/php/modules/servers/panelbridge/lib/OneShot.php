<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * Tokens the bridge acts on once. A form's token is signed, so that only a page of this shop can have made it;
 * a reload or a double click sends the same token again and nothing happens twice.
 */
final class OneShot
{
    private const FORM_LIVES = 3600;
    private const CLICK_LIVES = 60;
    private const OPEN = 'open ';

    /** 8 characters time, 16 random, 32 seal: 56, inside the bridge's 16 to 64. */
    public static function forForm(Server $server, string $purpose, int $serviceId): string
    {
        $open = self::unresolved($purpose, $serviceId);
        if (self::isOurs($open, $server, $purpose, $serviceId)) {
            return $open;
        }
        $token = sprintf('%08x', Wiring::now()) . bin2hex(random_bytes(8));
        return $token . $server->seal($purpose . ':' . $serviceId . ':' . $token);
    }

    /**
     * Sends with a token. When nobody knows what became of it, the next page or click carries the same token, so that
     * repeating really is safe.
     *
     * @param callable(): Answer $send
     * @throws CallError as $send does
     */
    public static function spend(string $purpose, int $serviceId, string $token, callable $send): Answer
    {
        $name = self::OPEN . $purpose . ' ' . $serviceId;
        try {
            $answer = $send();
        } catch (CallError $error) {
            $isKnown = !$error->sent || ($error->answer !== null && $error->answer->status < 500);
            $isKnown ? Visit::forget($name) : Visit::remember($name, ['token' => $token, 'at' => Wiring::now()]);
            throw $error;
        }
        Visit::forget($name);
        return $answer;
    }

    public static function isOurs(string $token, Server $server, string $purpose, int $serviceId): bool
    {
        if (preg_match('/^[0-9a-f]{56}$/', $token) !== 1) {
            return false;
        }
        $age = Wiring::now() - (int) hexdec(substr($token, 0, 8));
        $seal = $server->seal($purpose . ':' . $serviceId . ':' . substr($token, 0, 24));
        return hash_equals($seal, substr($token, 24)) && $age >= 0 && $age <= self::FORM_LIVES;
    }

    /** For a button that can carry no token of its own: two clicks within a minute are one request. */
    public static function forClick(string $purpose, int $serviceId): string
    {
        $open = self::unresolved($purpose, $serviceId);
        if ($open !== '') {
            return $open;
        }
        $name = 'click ' . $purpose . ' ' . $serviceId;
        $last = Visit::recall($name);
        if (is_array($last) && Wiring::now() - (int) ($last['at'] ?? 0) < self::CLICK_LIVES) {
            return (string) $last['token'];
        }
        $token = bin2hex(random_bytes(16));
        Visit::remember($name, ['token' => $token, 'at' => Wiring::now()]);
        return $token;
    }

    /** The token of an attempt whose end nobody knows; '' where there is none. */
    private static function unresolved(string $purpose, int $serviceId): string
    {
        $open = Visit::recall(self::OPEN . $purpose . ' ' . $serviceId);
        $isYoung = is_array($open) && Wiring::now() - (int) ($open['at'] ?? 0) < self::FORM_LIVES;
        return $isYoung ? (string) $open['token'] : '';
    }
}
