<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/**
 * What a customer reads when something he asked for did not work: whether it was done, and what he can do. The text for
 * staff goes to the activity log.
 */
final class ForClient
{
    /** Functions a customer can run, to the prefix of their texts. */
    private const TEXTS = ['ClientReset' => 'client_reset_', 'ChangePassword' => 'client_password_'];

    /** Whether the one who reads the answer is a customer: of his own button always. */
    public static function reads(string $function): bool
    {
        return $function === 'ClientReset' || (isset(self::TEXTS[$function]) && Actor::isClient());
    }

    /** @param callable(): string $act */
    public static function verb(string $function, Params $params, callable $act): string
    {
        $language = strtolower($params->member('clientsdetails', 'language'));
        try {
            return $act();
        } catch (CallError $error) {
            $what = Language::text('verb_' . $function);
            $values = ['id' => $params->serviceId(), 'text' => $error->told($what)];
            Log::activity(Language::text('client_failed', $values), $params->number('userid'));
            return self::told($error, self::TEXTS[$function], $language);
        } catch (\Throwable $thrown) {
            Guarded::unexpected($function, $thrown);
            return Language::text(self::TEXTS[$function] . 'unknown', [], $language);
        }
    }

    private static function told(CallError $error, string $prefix, string $language): string
    {
        $answer = $error->answer;
        if ($error->kind === 'no_password' || $error->kind === 'stale_client_page') {
            return Text::nextSentence($error->why);
        }
        $isRefused = $error->sent && $answer !== null && $answer->status < 500;
        if (!$isRefused || $error->retryable) {
            return Language::text($prefix . ($error->mayHaveActed() ? 'unknown' : 'unchanged'), [], $language);
        }
        $own = $answer->customer;
        $parts = [
            Language::text($prefix . 'refused', [], $language),
            $own !== '' ? Text::nextSentence($own) : Language::text('client_ask_support', [], $language),
            $answer->requestId === '' ? '' : Language::text('request', ['id' => $answer->requestId]),
        ];
        return Redactor::clean(implode(' ', array_filter($parts)));
    }
}
