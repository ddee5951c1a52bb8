<?php

declare(strict_types=1);

namespace Panelbridge\Standin;

/** How the shop keeps text: entity-encoded from forms, and encrypted where it is a secret. */
final class Text
{
    /** Form input is stored with HTML entities (seen in registrobr/whmcs-registrobr-epp#99). */
    public static function fromForm(string $typed): string
    {
        return htmlspecialchars($typed, ENT_QUOTES, 'UTF-8');
    }

    public static function decoded(string $stored): string
    {
        return html_entity_decode($stored, ENT_QUOTES, 'UTF-8');
    }

    /** "value|label" names keep the part before the pipe (WHMCS developer docs, custom fields). */
    public static function beforePipe(string $name): string
    {
        return trim(explode('|', $name, 2)[0]);
    }

    public static function afterPipe(string $name): string
    {
        $parts = explode('|', $name, 2);
        return trim($parts[1] ?? $parts[0]);
    }

    public static function encrypt(string $clear, string $key): string
    {
        $nonce = random_bytes(12);
        $sealed = openssl_encrypt($clear, 'aes-256-gcm', hash('sha256', $key, true), OPENSSL_RAW_DATA, $nonce, $tag);
        return base64_encode($nonce . $tag . $sealed);
    }

    /** Text that was never encrypted comes back as garbage, not as an error (EZSCALE changelog 1.3.0). */
    public static function decrypt(string $sealed, string $key): string
    {
        if ($sealed === '') {
            return '';
        }
        $raw = base64_decode($sealed, true);
        $clear = $raw === false || strlen($raw) < 28 ? false : openssl_decrypt(
            substr($raw, 28),
            'aes-256-gcm',
            hash('sha256', $key, true),
            OPENSSL_RAW_DATA,
            substr($raw, 0, 12),
            substr($raw, 12, 16)
        );
        return $clear === false ? substr(hash('sha256', $sealed), 0, 12) : $clear;
    }

    public static function money(float $amount): string
    {
        return number_format($amount, 2, '.', '');
    }

    /** Ten letters and digits, as WHMCS generates them (WHMCS developer docs, module parameters). */
    public static function randomPassword(): string
    {
        $letters = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';
        $password = '';
        for ($i = 0; $i < 10; $i++) {
            $password .= $letters[random_int(0, strlen($letters) - 1)];
        }
        return $password;
    }
}
